"""SSIM of every pair of 188 x 45 pictures of 256 pixels, against the loop over scikit-image, in one run.

`quality.py` times the loop on every 20th row of pairs before and after each round of ours; `quality.py --whole` goes
through all 8,460 pairs once, which takes minutes.
"""

import statistics
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from npc.imaging.ssim import pairwise_ssim

DEVELOPMENT, EXTERNAL, SIZE, ROUNDS = 188, 45, 256, 5


def pictures(n: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth structures under noise, over the whole picture: no background that could be skipped."""
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


def main() -> None:
    rng = np.random.default_rng(0)
    first, second = pictures(DEVELOPMENT, rng), pictures(EXTERNAL, rng)
    chosen = np.arange(DEVELOPMENT) if "--whole" in sys.argv else np.arange(0, DEVELOPMENT, 20)
    pairwise_ssim(first[:4], second)  # threads started
    ours, ratios, apart = [], [], 0.0
    for _ in range(1 if "--whole" in sys.argv else ROUNDS):
        before, fast = timed(lambda: pairwise_ssim(first, second))
        theirs, slow = timed(lambda: loop(first[chosen], second))
        after, _ = timed(lambda: pairwise_ssim(first, second))
        ours.append((before + after) / 2)
        ratios.append(theirs * DEVELOPMENT / len(chosen) / ours[-1])
        apart = max(apart, float(np.abs(fast[chosen] - slow).max()))
    print(
        f"{DEVELOPMENT} x {EXTERNAL} pairs at {SIZE} pixels: {statistics.median(ours):.1f} s; loop over scikit-image "
        f"({len(chosen) * EXTERNAL} pairs timed): {statistics.median(ratios):.0f} times as long "
        f"({min(ratios):.0f} to {max(ratios):.0f}); apart {apart:.0e}"
    )


if __name__ == "__main__":
    main()
