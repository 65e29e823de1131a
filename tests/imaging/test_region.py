"""The ring around a tumour: its width in millimetres, and where it ends."""

import numpy as np
import pytest

from npc.errors import InputError
from npc.imaging.region import body, region_of

SHAPE = (4, 40, 40)
SPACING = (5.0, 2.0, 1.0)


def box(*sides: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[tuple(slice(*side) for side in sides)] = True
    return mask


TUMOUR = box((1, 3), (18, 22), (16, 24))
HEAD = box((0, 4), (6, 30), (8, 32))


def head() -> np.ndarray:
    """A bright head with an air-filled sinus beside the tumour, in noise of air."""
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 10, SHAPE) + rng.uniform(90, 200, SHAPE) * HEAD
    image[1, 18:22, 26:29] = 0
    return image


def test_a_ring_is_as_wide_as_asked_along_each_axis_of_a_slice():
    ring = region_of(TUMOUR, np.ones(SHAPE), SPACING, "ring4")
    assert not (ring & TUMOUR).any()
    assert ring.any(axis=(1, 2)).tolist() == [False, True, True, False]
    assert np.flatnonzero(ring[1, :, 20]).tolist() == [16, 17, 22, 23]  # rows of 2 mm
    assert np.flatnonzero(ring[1, 20]).tolist() == [12, 13, 14, 15, 24, 25, 26, 27]  # columns of 1 mm
    assert not ring[1, 16, 12]  # a corner is farther


def test_a_ring_ends_at_the_body_and_includes_the_air_inside_it():
    ring = region_of(TUMOUR, head(), SPACING, "ring30")
    assert not (ring & ~HEAD).any()
    assert ring[1, 18:22, 26:29].all()
    assert (ring[1] == (HEAD & ~TUMOUR)[1]).all()


@pytest.mark.parametrize("image", [np.ones(SHAPE), np.random.default_rng(0).uniform(90, 200, SHAPE)])
def test_without_air_around_it_the_edge_of_the_body_is_not_told(image):
    assert body(image, TUMOUR) is None
    assert region_of(TUMOUR, image, SPACING, "ring100")[1].sum() == 40 * 40 - TUMOUR[1].sum()


def test_a_ring_ends_where_the_image_has_no_values():
    image = head()
    image[:, :, 25:] = np.nan
    assert not region_of(TUMOUR, image, SPACING, "ring4")[:, :, 25:].any()


def test_a_ring_narrower_than_a_pixel_is_refused():
    with pytest.raises(InputError, match=r"region=ring0\.5: there is no voxel within 0\.5 mm of the outline; choose a"):
        region_of(TUMOUR, head(), SPACING, "ring0.5")


def test_the_tumour_is_its_outline():
    assert region_of(TUMOUR, head(), SPACING, "tumour") is TUMOUR
