"""Agreement of two outlines: cubes that can be counted, a search over all pairs of voxels, and MONAI."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from npc.imaging.agreement import dice, hausdorff95, largest_area

SPACING = (5.0, 0.5, 0.75)
outlines = arrays(bool, (4, 6, 7)).filter(np.any)


def cube(*corner: int, side: int = 4) -> np.ndarray:
    mask = np.zeros((12, 12, 12), bool)
    mask[tuple(slice(at, at + side) for at in corner)] = True
    return mask


@pytest.mark.parametrize("shift", range(5))
def test_dice_of_a_shifted_cube(shift):
    assert dice(cube(2, 2, 2), cube(2, 2, 2 + shift)) == pytest.approx(1 - shift / 4)


@pytest.mark.parametrize(("axis", "step"), enumerate(SPACING))
@pytest.mark.parametrize("shift", [1, 2, 4])
def test_distance_of_a_shifted_cube_is_the_shift_in_mm(axis, step, shift):
    """A sixth of a cube's surface lies on the face that moves out: more than the 5% that are left out."""
    moved = [2, 2, 2]
    moved[axis] += shift
    assert hausdorff95(cube(2, 2, 2), cube(*moved), SPACING) == pytest.approx(shift * step)


def test_a_single_distant_voxel_is_excluded_with_the_five_percent():
    stray = cube(2, 2, 2)
    stray[11, 11, 11] = True  # one of 57 surface voxels
    assert hausdorff95(cube(2, 2, 2), stray, SPACING) == 0
    stray[11, 6:12, 11] = True  # six of 62
    assert hausdorff95(cube(2, 2, 2), stray, SPACING) > 30


def surface(mask: np.ndarray) -> np.ndarray:
    """Places in mm of the voxels that have a face towards the outside."""
    padded = np.pad(mask, 1)
    covered = np.all([np.roll(padded, step, axis) for axis in range(3) for step in (-1, 1)], axis=0)
    return np.argwhere(padded & ~covered) * SPACING


def searched(first: np.ndarray, second: np.ndarray) -> float:
    apart = cdist(surface(first), surface(second))
    return max(np.percentile(apart.min(axis=axis), 95) for axis in (0, 1))


@given(outlines, outlines)
def test_distance_is_that_of_a_search_over_all_pairs(first, second):
    assert hausdorff95(first, second, SPACING) == pytest.approx(searched(first, second))


def test_distance_is_that_of_monai():
    from monai.metrics import compute_hausdorff_distance

    rng = np.random.default_rng(0)
    for _ in range(10):
        first, second = (cube(*rng.integers(0, 5, 3), side=5) | (rng.random((12, 12, 12)) < 0.01) for _ in range(2))
        theirs = compute_hausdorff_distance(first[None, None], second[None, None], percentile=95, spacing=SPACING,
                                            include_background=True)  # fmt: skip
        assert hausdorff95(first, second, SPACING) == pytest.approx(float(theirs), rel=1e-6)  # theirs is float32


@given(outlines, outlines)
def test_both_measures_are_symmetric_and_optimal_for_equal_outlines(first, second):
    assert dice(first, second) == dice(second, first)
    assert 0 <= dice(first, second) <= 1
    assert hausdorff95(first, second, SPACING) == hausdorff95(second, first, SPACING)
    assert (dice(first, first), hausdorff95(first, first, SPACING)) == (1, 0)


@given(outlines, outlines, st.floats(0.1, 10))
def test_distance_is_in_mm(first, second, scale):
    larger = tuple(step * scale for step in SPACING)
    assert hausdorff95(first, second, larger) == pytest.approx(scale * hausdorff95(first, second, SPACING))


def test_area_is_that_of_the_largest_slice_in_mm2():
    mask = cube(2, 2, 2)
    mask[3, 2:7, 2:7] = True
    assert largest_area(mask, SPACING) == pytest.approx(25 * 0.5 * 0.75)
