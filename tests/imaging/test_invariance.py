"""Changes by a scanner or an export that leave the patient as is change neither the slices nor their pixels."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from npc.imaging.readers import Scan
from npc.imaging.slices import largest_slice, three_slices
from tests.imaging.dicom_files import write_rtstruct, write_series
from tests.scans import read_scan

Patient = tuple[sitk.Image, sitk.Image]  # image and outline
few = settings(max_examples=20)  # files are written
SIZE = 64
NOISE = {"ImagePositionPatient": 1e-4, "PixelSpacing": 1e-5, "ImageOrientationPatient": 1e-5}
codes = st.sampled_from(
    [
        "".join(side[flip] for side, flip in zip(axes, flips, strict=True))
        for axes in itertools.permutations(("LR", "PA", "SI"))
        for flips in itertools.product((0, 1), repeat=3)
    ]
)
crops = st.sampled_from(["none", "roi"])
seeds = st.integers(0, 2**32 - 1)


@st.composite
def patients(draw: st.DrawFn) -> Patient:
    """A few voxels on any grid, tilted by up to 20 degrees, and an outline of two blocks."""
    shape = draw(st.tuples(st.integers(3, 6), st.integers(5, 9), st.integers(5, 9)))
    values = np.random.default_rng(draw(seeds)).integers(-2000, 2000, shape).astype(np.int16)
    outline = np.zeros(shape, np.uint8)
    for _ in range(2):
        low = [draw(st.integers(0, side - 2)) for side in shape]
        high = [draw(st.integers(start + 1, side - 1)) for start, side in zip(low, shape, strict=True)]
        outline[tuple(slice(*ends) for ends in zip(low, high, strict=True))] = 1
    spacing = draw(st.tuples(*[st.sampled_from([0.5, 0.75, 1.0, 1.004, 1.25, 3.0])] * 3))
    origin = draw(st.tuples(*[st.integers(-200, 200).map(float)] * 3))
    axis = draw(st.sampled_from([(1, 0, 0), (0, 1, 0), (0.8, 0.3, 0.5)]))
    tilt = draw(st.sampled_from([0.0, 0.1, 0.35]))
    image, mask = (on_grid(array, spacing, origin, axis, tilt) for array in (values, outline))
    return image, mask


def on_grid(
    array: np.ndarray, spacing: Sequence[float], origin: Sequence[float], axis: Sequence[float], tilt: float
) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(sitk.VersorTransform(axis, tilt).GetMatrix())
    return image


def with_noise(image: sitk.Image, rng: np.random.Generator) -> sitk.Image:
    """The same voxels under a header that was rounded."""
    noisy = sitk.Image(image)
    noisy.SetSpacing(image.GetSpacing() * (1 + rng.uniform(-1e-5, 1e-5, 3)))
    noisy.SetOrigin(image.GetOrigin() + rng.uniform(-1e-4, 1e-4, 3))
    turn = np.reshape(sitk.VersorTransform((0.6, 0.0, 0.8), rng.uniform(-1e-5, 1e-5)).GetMatrix(), (3, 3))
    noisy.SetDirection((turn @ np.reshape(image.GetDirection(), (3, 3))).ravel())
    return noisy


def through_files(image: sitk.Image, mask: sitk.Image, suffix: str = ".nii.gz") -> Scan:
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}{suffix}" for name in ("image", "mask")]
        for path, stored in zip(paths, (image, mask), strict=True):
            sitk.WriteImage(stored, str(path))
        return read_scan(*paths)


def seen(scan: Scan, crop: str = "none", equalise: bool = True) -> tuple[np.ndarray, int]:
    return network_input(scan.image, scan.mask, Preprocess(SIZE, crop, equalise=equalise), scan.spacing[1:])


def assert_same(scan: Scan, patient: Patient, crop: str) -> None:
    """The scan holds the patient's voxels, and the network sees what it sees of the patient's own arrays."""
    image, mask = (sitk.GetArrayFromImage(stored) for stored in patient)
    np.testing.assert_array_equal(scan.image, image)
    np.testing.assert_array_equal(scan.mask, mask)
    true = Scan(image.astype(np.float32), mask.astype(bool), patient[0].GetSpacing()[::-1])
    (slices, middle), (expected, chosen) = seen(scan, crop), seen(true, crop)
    assert middle == chosen == largest_slice(mask.astype(bool))
    np.testing.assert_array_equal(slices, expected)


# Axes and headers


@few
@given(patients(), codes, codes, st.sampled_from([".nii", ".nii.gz", ".nrrd", ".mha"]), crops)
def test_order_and_flips_of_the_stored_axes(patient, image_code, mask_code, suffix, crop):
    image, mask = patient
    stored = sitk.DICOMOrient(image, image_code), sitk.DICOMOrient(mask, mask_code)
    assert_same(through_files(*stored, suffix), patient, crop)


@few
@given(patients(), codes, seeds, crops)
def test_noise_in_the_header_of_a_volume(patient, code, seed, crop):
    rng = np.random.default_rng(seed)
    noisy = [with_noise(sitk.DICOMOrient(each, code), rng) for each in patient]
    assert_same(through_files(*noisy), patient, crop)


@pytest.mark.parametrize("noise", [-1e-4, 1e-4])
@pytest.mark.parametrize(("row", "column"), [(0.75, 0.5), (0.5, 1.25), (3.5, 1.0), (1.0, 1.05)])
def test_header_noise_does_not_change_the_number_of_square_pixels(noise, row, column):
    """Three pixels of 1.5 mm are four and a half of 1 mm."""
    image = np.random.default_rng(0).normal(size=(1, 301, 251))
    exact, noisy = (
        network_input(image, np.ones(image.shape, bool), Preprocess(SIZE), pixel)[0]
        for pixel in ((row, column), (row * (1 + noise), column))
    )
    np.testing.assert_array_equal(noisy, exact)


@pytest.mark.slow
@few
@given(patients(), codes, seeds, crops)
def test_order_of_files_and_noise_in_the_headers_of_a_series(patient, code, seed, crop):
    rng = np.random.default_rng(seed)
    image, mask = (sitk.DICOMOrient(each, code) for each in patient)
    geometry = {
        "spacing": image.GetSpacing()[::-1],
        "origin": image.GetOrigin(),
        "direction": image.GetDirection(),
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = write_series(folder / "image", sitk.GetArrayFromImage(image), name="written_{}.dcm", **geometry)
        for file, place in zip(files, rng.permutation(len(files)), strict=True):
            dataset = pydicom.dcmread(file)
            for tag, size in (
                ("ImagePositionPatient", 1e-4),
                ("PixelSpacing", 1e-5),
                ("ImageOrientationPatient", 1e-5),
            ):
                numbers = np.array(dataset[tag].value, float)
                setattr(dataset, tag, [f"{v:.9g}" for v in numbers + rng.uniform(-size, size, len(numbers))])
            dataset.save_as(file.with_name(f"{place}.dcm"))
            file.unlink()
        rtstruct = write_rtstruct(folder / "RS.dcm", {"GTV": sitk.GetArrayFromImage(mask)}, **geometry)
        assert_same(read_scan(folder / "image", rtstruct), patient, crop)


# Intensities


@pytest.mark.slow
@few
@given(patients(), st.integers(-8, 8), crops)
def test_gain_without_rounding(patient, power, crop):
    image, mask = patient
    brighter = sitk.Cast(image, sitk.sitkFloat32) * 2.0**power
    (slices, middle), (expected, chosen) = (seen(through_files(each, mask), crop) for each in (brighter, image))
    assert middle == chosen
    np.testing.assert_array_equal(slices, expected)


@pytest.mark.slow
@few
@given(patients(), st.floats(0.01, 100), st.integers(-1000, 1000), crops)
def test_gain_and_offset(patient, gain, offset, crop):
    """Rounding may push a pixel over to the next grey; equalised, greys lie further apart."""
    image, mask = patient
    brighter = (sitk.Cast(image, sitk.sitkFloat64) + offset) * gain
    (slices, middle), (expected, chosen) = (
        seen(through_files(each, mask), crop, equalise=False) for each in (brighter, image)
    )
    assert middle == chosen
    assert np.abs(slices.astype(int) - expected).max() <= 1


# The patient the other way round


@given(patients(), st.sampled_from(["rows", "columns", "transposed"]))
def test_turning_the_patient_turns_the_slices(patient, how):
    def turned(array: np.ndarray) -> np.ndarray:
        return {
            "rows": array[:, ::-1],
            "columns": array[:, :, ::-1],
            "transposed": array.transpose(0, 2, 1),
        }[how]

    image, mask = (sitk.GetArrayFromImage(each) for each in patient)
    side = max(image.shape)
    pad = [(0, 0), (0, side - image.shape[1]), (0, side - image.shape[2])]
    image, mask = np.pad(image, pad), np.pad(mask, pad).astype(bool)
    np.testing.assert_array_equal(
        network_input(turned(image), turned(mask), Preprocess(side))[0],
        turned(network_input(image, mask, Preprocess(side))[0]),
    )


@given(masks := arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=7)).filter(np.any))
def test_upside_down_the_same_slice_is_chosen_unless_two_are_equally_good(mask):
    def merit(index: int) -> tuple[int, float]:
        return int(mask[index].sum()), abs(index - (min(outlined) + max(outlined)) / 2)

    outlined = np.flatnonzero(mask.any(axis=(1, 2)))
    chosen, other = largest_slice(mask), len(mask) - 1 - largest_slice(mask[::-1])
    equals = [index for index in range(len(mask)) if merit(index) == merit(chosen)]
    assert (chosen, other) == (min(equals), max(equals))


@given(masks, st.sampled_from(["rows", "columns", "both", "transposed"]))
def test_turning_the_slices_does_not_change_the_choice(mask, how):
    turned = {
        "rows": mask[:, ::-1],
        "columns": mask[:, :, ::-1],
        "both": mask[:, ::-1, ::-1],
        "transposed": mask.transpose(0, 2, 1),
    }[how]
    assert three_slices(turned) == three_slices(mask)
