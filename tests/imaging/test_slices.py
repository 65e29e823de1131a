"""Which slice is the largest, and which ones the network sees."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npc.imaging.slices import largest_slice, spread_slices, three_slices


def outline(*areas: int) -> np.ndarray:
    """A mask whose slices have these areas."""
    mask = np.zeros((len(areas), 4, 4), dtype=bool)
    for plane, area in zip(mask, areas, strict=True):
        plane.flat[:area] = True
    return mask


unhurried = settings(deadline=None)  # the machine may be busy
masks = arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=7)).filter(np.any)
# Areas of 0 to 2 pixels: many slices are equally large.
tied_masks = st.lists(st.integers(0, 2), min_size=1, max_size=9).filter(any).map(lambda areas: outline(*areas))


@pytest.mark.parametrize(
    ("areas", "largest"),
    [
        ((0, 3, 9, 4, 0), 2),
        ((9, 0, 0, 0), 0),
        ((0, 0, 0, 9), 3),
        ((1, 1, 1, 16), 3),
        # Of two equally large ones that nearer the middle of the outline (slice 3.5) ...
        ((0, 9, 1, 1, 9, 1, 1, 0), 4),
        ((0, 1, 1, 9, 1, 1, 9, 0), 3),
        # ... which is not the middle of the volume (slice 4.5),
        ((0, 9, 1, 9, 1, 0, 0, 0, 0, 0), 3),
        # nor its centre of mass.
        ((1, 9, 8, 8, 9, 0, 0, 0, 1), 4),
        # A hole in the outline is part of its span.
        ((9, 0, 0, 9, 1), 3),
        # Equally near: the lower.
        ((0, 9, 1, 9, 0), 1),
        ((9, 9), 0),
        ((9, 9, 9), 1),
        ((9, 9, 9, 9), 1),
    ],
)
def test_largest_area_then_middle_then_lower(areas, largest):
    assert largest_slice(outline(*areas)) == largest


@pytest.mark.parametrize(
    ("areas", "three"),
    [
        ((0, 1, 9, 1), (1, 2, 3)),
        ((9, 1, 0), (0, 0, 1)),
        ((0, 1, 9), (1, 2, 2)),
        ((9,), (0, 0, 0)),
        ((0, 9, 0), (0, 1, 2)),
        ((1, 9), (0, 1, 1)),
    ],
)
def test_three_slices_are_clamped_at_both_ends(areas, three):
    assert three_slices(outline(*areas)) == three


@pytest.mark.parametrize(
    ("areas", "most", "chosen"),
    [
        ((0, 1, 9, 1), 3, [1, 2, 3]),
        ((0, 1, 9, 1), 16, [1, 2, 3]),
        ((1, 0, 9, 1, 0, 4), 4, [0, 2, 3, 5]),  # a slice without outline is none
        ((1,) * 9, 3, [0, 4, 8]),
        ((0, *(1,) * 9), 5, [1, 3, 5, 7, 9]),
        ((1,) * 9, 1, [4]),
        ((9,), 1, [0]),
    ],
)
def test_spread_slices_are_all_or_evenly_chosen(areas, most, chosen):
    assert spread_slices(outline(*areas), most) == chosen


@unhurried
@given(masks, st.integers(1, 8))
def test_spread_slices_differ_and_are_outlined(mask, most):
    chosen = spread_slices(mask, most)
    assert len(chosen) == min(most, int(mask.any(axis=(1, 2)).sum()))
    assert sorted(set(chosen)) == chosen
    assert mask[chosen].any(axis=(1, 2)).all()


def distance(mask: np.ndarray, index: int) -> float:
    """Slices between one and the middle of the outline."""
    outlined = [z for z, plane in enumerate(mask) if plane.any()]
    return abs(index - (min(outlined) + max(outlined)) / 2)


@unhurried
@given(masks | tied_masks)
def test_no_other_slice_is_better_than_the_chosen_one(mask):
    order = [(-int(plane.sum()), distance(mask, z), z) for z, plane in enumerate(mask)]
    assert largest_slice(mask) == min(order)[2]


@unhurried
@given(masks)
def test_three_slices_are_neighbours_inside_the_volume(mask):
    below, middle, above = three_slices(mask)
    assert middle == largest_slice(mask)
    assert below == (middle - 1 if middle > 0 else 0)
    assert above == (middle + 1 if middle + 1 < len(mask) else middle)
