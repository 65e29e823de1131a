"""SSIM of every pair of 188 x 45 images of 256 pixels, against the loop over scikit-image, in one run.

Both variants of `npc cohort quality`: whole images, without background that could be skipped, and masked images, which
show only a tumour with a radius of 25 to 50 pixels.

`quality.py [--rounds 5]` times the loop on every 20th row of pairs between two rounds of ours; `quality.py --whole`
goes through all 8,460 pairs once, which takes minutes.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from npc.imaging.ssim import pairwise_ssim

DEVELOPMENT, EXTERNAL, SIZE = 188, 45, 256


def images(n: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth structures with noise, over the whole image: no background that could be skipped."""
    out = []
    for _ in range(n):
        plane = cv2.GaussianBlur(rng.standard_normal((SIZE, SIZE)), (0, 0), 6) * 15 + rng.standard_normal((SIZE, SIZE))
        out.append(cv2.normalize(plane, None, 0, 255, cv2.NORM_MINMAX))
    return np.rint(out).astype(np.uint8)


def loop(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.array(
        [[structural_similarity(a, b, gaussian_weights=True, sigma=1.5, data_range=255) for b in second] for a in first]
    )


def timed(call: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def masked(planes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same images, zero outside an ellipse."""
    out = []
    for plane in planes:
        axes = [int(axis) for axis in rng.integers(25, 50, 2)]
        centre = [int(place) for place in SIZE // 2 + rng.integers(-12, 13, 2)]
        out.append(plane * cv2.ellipse(np.zeros_like(plane), centre, axes, 0, 0, 360, 1, -1))
    return np.stack(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whole", action="store_true", help="all pairs of the loop, once")
    choices = parser.parse_args()
    rng = np.random.default_rng(0)
    whole = images(DEVELOPMENT, rng), images(EXTERNAL, rng)
    readings = {"whole": whole, "masked": tuple(masked(planes, rng) for planes in whole)}
    chosen = np.arange(DEVELOPMENT) if choices.whole else np.arange(0, DEVELOPMENT, 20)
    pairwise_ssim(whole[0], whole[1][:6])  # processes started
    totals = []
    for _ in range(1 if choices.whole else choices.rounds):
        total = np.zeros(2)
        for name, (first, second) in readings.items():
            before, fast = timed(lambda: pairwise_ssim(first, second))  # noqa: B023 - called at once
            theirs, slow = timed(lambda: loop(first[chosen], second))  # noqa: B023
            after, _ = timed(lambda: pairwise_ssim(first, second))  # noqa: B023
            times = np.array([(before + after) / 2, theirs * DEVELOPMENT / len(chosen)])
            apart = float(np.abs(fast[chosen] - slow).max())
            ratio = times[1] / times[0]
            print(f"  {name}: {times[0]:.2f} s against {times[1]:.1f} s, {ratio:.0f} times; difference {apart:.0e}")
            total += times
        totals.append(total)
    ours, theirs = np.median(totals, axis=0)
    ratios = [loop / mine for mine, loop in totals]
    print(
        f"{DEVELOPMENT} x {EXTERNAL} pairs at {SIZE} pixels, both readings: {ours:.1f} s; loop over scikit-image "
        f"({len(chosen) * EXTERNAL} pairs timed) {theirs:.0f} s: {statistics.median(ratios):.0f} times as long "
        f"({min(ratios):.0f} to {max(ratios):.0f})"
    )


if __name__ == "__main__":
    main()
