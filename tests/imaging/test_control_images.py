"""Images of negative controls: what each keeps of a tumour, and what it loses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npc.cohort.cohort import Cohort
from npc.imaging.control_images import altered, control_image
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from npc.imaging.readers import Scan
from npc.names import CONTROLS

SEEDS = st.integers(0, 2**256 - 1)


@st.composite
def outlined(draw):
    """An image and an outline of at least one voxel."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=6))
    image = draw(arrays(np.float32, shape, elements=st.floats(-1e4, 1e4, width=32)))
    mask = draw(arrays(bool, shape))
    mask.flat[draw(st.integers(0, mask.size - 1))] = True
    return image, mask


@given(outlined(), SEEDS)
def test_shuffled_voxels_are_those_of_the_outline(of, seed):
    image, mask = of
    found = control_image(image, mask, "shuffled", seed)
    np.testing.assert_array_equal(np.sort(found[mask]), np.sort(image[mask]))
    np.testing.assert_array_equal(found[~mask], image[~mask])


@given(outlined(), SEEDS)
def test_redrawn_voxels_are_of_the_outlines_histogram(of, seed):
    image, mask = of
    found = control_image(image, mask, "redrawn", seed)
    assert set(found[mask]) <= set(image[mask])
    np.testing.assert_array_equal(found[~mask], image[~mask])


@given(outlined(), outlined(), SEEDS)
def test_the_shape_knows_no_intensity(of, other, seed):
    image, mask = of
    found = control_image(image, mask, "shape", seed)
    np.testing.assert_array_equal(found, control_image(other[0].flat[0] + 0 * image, mask, "shape", seed + 1))
    assert set(found[mask]) == {1}
    assert found.dtype == image.dtype


@given(outlined(), SEEDS, st.sampled_from(list(CONTROLS)))
def test_the_image_itself_is_not_changed_and_a_seed_draws_once(of, seed, control):
    image, mask = of
    before = image.copy()
    first, second = (control_image(image, mask, control, seed) for _ in range(2))
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(first, second)


@pytest.fixture(scope="module")
def scan() -> Scan:
    """Grey levels that grow from left to right, across all slices."""
    mask = np.zeros((5, 20, 20), bool)
    mask[1:4, 4:16, 4:16] = True
    image = np.broadcast_to(np.arange(20, dtype=np.float32), mask.shape) + np.arange(5)[:, None, None] * 100
    return Scan(image.astype(np.float32), mask, (3, 1, 1))


def test_arrangement_is_lost_across_slices(scan):
    """In the image, slice 1 has the lowest values; shuffled in the whole outline, every slice has all of them."""
    for control in ("shuffled", "redrawn"):
        shown = altered(scan, control)
        means = [shown.image[z][scan.mask[z]].mean() for z in (1, 2, 3)]
        assert np.ptp(means) < 60, control
        assert abs(np.corrcoef(shown.image[2][4:16, 4:16].ravel(), scan.image[2][4:16, 4:16].ravel())[0, 1]) < 0.3


def test_the_draw_depends_on_the_content_alone(scan):
    first, second = (altered(scan, "shuffled").image for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = altered(Scan(scan.image + 1, scan.mask, scan.spacing), "shuffled").image
    assert (other - 1 != first).any()
    assert altered(scan, None) is scan


def test_a_network_sees_the_shape_as_one_grey_level(scan):
    """Also where pixels are not square, so that the slices are resampled."""
    shown = altered(scan, "shape")
    for pixel in ((1.0, 1.0), (1.5, 1.0)):
        slices, _ = network_input(shown.image, shown.mask, Preprocess(20), pixel)
        brighter = network_input(altered(Scan(scan.image * 7 + 3, scan.mask, scan.spacing), "shape").image, scan.mask,
                                 Preprocess(20), pixel)[0]  # fmt: skip
        np.testing.assert_array_equal(slices, brighter)
    assert set(np.unique(network_input(shown.image, shown.mask, Preprocess(20))[0])) == {0, 255}


def test_only_controls_have_stores_of_their_own():
    cohort = Cohort("ours", Path("data"), pd.DataFrame(), ("cet1",), label=2, roi={"cet1": "GTV"})
    assert cohort.reading("cet1") == [2, "GTV", False]  # part of the hashes of all stores that there are
    readings = [str(replace(cohort, control=control).reading("cet1")) for control in (None, *CONTROLS)]
    assert len(set(readings)) == 4
