"""MSSIM of a few images against hand computation, and the images that it is computed from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from npc.imaging.quality import Consistency, consistency, sides
from npc.imaging.slice_images import read_slice_images, whole_slice
from tests.scans import read_scan

SIZE = 24


def write_cohort(root: Path, centres: list[str]) -> Cohort:
    rng = np.random.default_rng(0)
    rows = {}
    for i, centre in enumerate(centres):
        image, mask = rng.normal(100, 30, (4, SIZE, SIZE)), np.zeros((4, SIZE, SIZE), np.uint8)
        mask[1, 8:12, 8:12] = mask[2, 6 : 14 + i, 8:14] = 1
        for part, array in (("image", image), ("mask", mask)):
            sitk.WriteImage(sitk.GetImageFromArray(array), root / f"{i}_{part}.nii")
        rows[f"P{i}"] = {"centre": centre, "t2_image": f"{i}_image.nii", "t2_mask": f"{i}_mask.nii"}
    return Cohort("ours", root, pd.DataFrame.from_dict(rows, orient="index"), ("t2",))


def test_mssim_is_the_mean_over_the_external_patients(tmp_path):
    cohort = write_cohort(tmp_path, ["A", "A", "B", "B", "C"])
    settings = Preprocess(SIZE)
    images = read_slice_images(cohort, ["t2"], settings)["t2"]
    found = consistency(images, cohort.patients["centre"] == "A", "t2")
    assert (found.development, found.external) == (["P0", "P1"], ["P2", "P3", "P4"])
    for i, patient in enumerate(cohort.patients.index):
        scan = read_scan(tmp_path / f"{i}_image.nii", tmp_path / f"{i}_mask.nii")
        plane = scan.image[2]
        whole = np.rint((plane - plane.min()) / (plane.max() - plane.min()) * 255)
        np.testing.assert_allclose(images[patient][0], whole, rtol=0, atol=1)
        np.testing.assert_array_equal(images[patient][1], network_input(scan.image, scan.mask, settings)[0][1])
    for reading, channel in (("unmasked", 0), ("masked", 1)):
        for patient in found.development:
            each = [
                structural_similarity(
                    images[patient][channel], images[other][channel],
                    gaussian_weights=True, sigma=1.5, data_range=255,
                )
                for other in found.external
            ]  # fmt: skip
            assert found.mssim(reading)[patient] == pytest.approx(np.mean(each), abs=1e-6)


def test_the_share_counts_the_threshold_itself():
    pairs = np.array([[0.9, 0.9], [0.8, 0.9], [1.0, 0.9]])
    found = Consistency(["a", "b", "c"], ["x", "y"], {"masked": pairs}).summary(0.9)["masked"]
    assert found["at_or_above"] == 2
    assert found["share"] == pytest.approx(2 / 3)
    assert [found[key] for key in ("lowest", "median", "highest")] == pytest.approx([0.85, 0.9, 0.95])


def test_development_is_the_training_centre(tmp_path):
    cohort = write_cohort(tmp_path, ["A", "B", "B"])
    assert sides(cohort, None) == ("B", ["A"])
    assert sides(cohort, "A") == ("A", ["B"])
    with pytest.raises(InputError, match="no centre 'Z'"):
        sides(cohort, "Z")


def test_a_cohort_of_one_centre_is_refused(tmp_path):
    with pytest.raises(InputError, match="all 2 patients are from A, so there is nothing to compare"):
        sides(write_cohort(tmp_path, ["A", "A"]), None)


def test_faults_of_all_images_are_reported_at_once(tmp_path):
    cohort = write_cohort(tmp_path, ["A", "A", "B"])
    (tmp_path / "0_image.nii").write_bytes(b"nothing")
    (tmp_path / "2_mask.nii").unlink()
    with pytest.raises(InputError) as caught:
        read_slice_images(cohort, ["t2"], Preprocess(SIZE))
    assert len(caught.value.faults) == 2
    assert "0_image.nii" in str(caught.value)
    assert "2_mask.nii" in str(caught.value)


@given(st.integers(0, 99), st.floats(0.01, 1000), st.floats(-500, 500))
def test_a_whole_slice_does_not_know_the_scale_of_a_scanner(seed, factor, offset):
    plane = np.random.default_rng(seed).integers(0, 1000, (20, 20)).astype(float)
    apart = whole_slice(plane * factor + offset, 20).astype(int) - whole_slice(plane, 20)
    assert np.abs(apart).max() <= 1  # where a value lies half way between two greys


def test_a_whole_slice_is_padded_resized_and_finite():
    plane = np.full((10, 20), 7.0)
    plane[:, 10:] = 9
    plane[0, 0] = np.nan
    picture = whole_slice(plane, 20)
    assert picture.shape == (20, 20)
    assert not picture[[*range(5), *range(15, 20)]].any()
    assert not picture[:, :10].any()
    assert (picture[5:15, 10:] == 255).all()
    assert whole_slice(plane, 40).shape == (40, 40)
