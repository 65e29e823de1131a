"""The phantom's second outlines agree with the first as much as set."""

import numpy as np
import pytest

from npc.phantom.images import draw_study
from npc.phantom.options import Options
from npc.phantom.outlines import outlined_again, redraw
from npc.phantom.scanners import draw_acquisition
from tests.phantom.draws import all_parts


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * (one & other).sum() / (one.sum() + other.sum())


@pytest.mark.parametrize("matrix", [32, 64])
@pytest.mark.parametrize("wanted", [0.98, 0.95, 0.90, 0.75, 0.5])
def test_the_dice_coefficient_is_the_one_set(wanted, matrix):
    for number, shown in enumerate([-2.0, -1.0, 0.0, 1.0, 2.0]):
        acquisition = draw_acquisition(0, number, 0)
        _, depth = draw_study("cet1", all_parts(shown), False, matrix, acquisition, np.random.default_rng([1, number]))
        first = depth < 1
        again = redraw(depth, wanted, acquisition.grid(matrix), np.random.default_rng([2, number])) > 0
        voxel = 1 / first.sum()  # by which the Dice changes when one more voxel differs
        assert dice(first, again) == pytest.approx(wanted, abs=2 * voxel)
        assert not np.array_equal(first, again)


def test_perfect_agreement_is_the_same_outline():
    acquisition = draw_acquisition(0, 0, 0)
    _, depth = draw_study("t2", all_parts(0.0), False, 32, acquisition, np.random.default_rng(1))
    again = redraw(depth, 1.0, acquisition.grid(32), np.random.default_rng(2))
    assert again.dtype == np.uint8
    np.testing.assert_array_equal(again, depth < 1)


def test_readers_differ_smoothly_and_to_both_sides():
    """Neither noise along the edge nor an outline that is only larger or smaller."""
    acquisition = draw_acquisition(0, 1, 0)
    _, depth = draw_study("cet1", all_parts(1.0), False, 64, acquisition, np.random.default_rng(3))
    first = depth < 1
    again = redraw(depth, 0.90, acquisition.grid(64), np.random.default_rng(4)) > 0
    more, less = (again & ~first).sum(), (first & ~again).sum()
    assert 0.1 < more / (more + less) < 0.9
    length = [
        (np.diff(outline, axis=1).sum() + np.diff(outline, axis=2).sum()) / outline.sum() for outline in (first, again)
    ]
    assert length[1] < 1.3 * length[0]


def test_thirty_patients_of_hospital_1_are_outlined_again_as_in_the_paper():
    chosen = outlined_again(Options.of({}))
    assert len(chosen) == 30
    assert chosen <= set(range(188))
    assert max(chosen) > 100  # drawn, not the first
    assert chosen == outlined_again(Options.of({"n": 10_000}))
    assert chosen != outlined_again(Options.of({"seed": 1}))
    assert chosen < outlined_again(Options.of({"readers": 60}))


def test_there_are_no_more_readers_than_patients():
    assert outlined_again(Options.of({"n": 10, "external": 3})) == set(range(7))
    assert outlined_again(Options.of({"readers": 0})) == set()
    assert outlined_again(Options.of({"n": 400, "external": 0, "readers": 1000})) == set(range(400))
