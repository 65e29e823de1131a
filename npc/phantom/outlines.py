"""The phantom's second and repeated outlines, whose agreement with the first is given."""

from functools import cache

import numpy as np

from npc.phantom.images import smooth_noise
from npc.phantom.options import Options
from npc.phantom.scanners import PATIENTS, Grid

_WOBBLE = 10.0  # mm along the edge over which a reader deviates to one side
_STREAM = 5  # other than those of images and scanners


def redraw(depth: np.ndarray, dice: float, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Another outline of a tumour: its edge is displaced smoothly, as far as the wanted agreement requires.

    Args:
        depth: (slice, row, column), below 1 inside the first outline.
        dice: the required Dice coefficient of the volumes; the result is as close as voxels allow.
        grid: of `depth`.
        rng: of this patient, sequence and reader.

    Returns:
        uint8 of the shape of `depth`.
    """
    first, wobble = depth < 1, smooth_noise(grid, _WOBBLE, rng)
    reached = {amplitude: _dice(first, depth + amplitude * wobble < 1) for amplitude in (0.0, 1.0)}
    low, high = 0.0, 1.0  # in radii of the tumour
    for _ in range(16):
        middle = (low + high) / 2
        reached[middle] = _dice(first, depth + middle * wobble < 1)
        low, high = (middle, high) if reached[middle] > dice else (low, middle)
    best = min(reached, key=lambda amplitude: abs(reached[amplitude] - dice))
    return (depth + best * wobble < 1).astype(np.uint8)


@cache
def outlined_again(options: Options) -> frozenset[int]:
    """Numbers of the patients of hospital 1 with second outlines, drawn among the first as many as the paper has.

    A larger cohort has the same ones, unless there were fewer patients to draw from.
    """
    order = [number for number in _order(options.seed) if number < options.sizes[0]]
    later = range(len(_order(options.seed)), options.sizes[0])
    return frozenset([*order, *later][: options.readers])


@cache
def _order(seed: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng([seed, 0, 0, _STREAM]).permutation(sum(PATIENTS[0])).tolist())


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))
