"""Any format, orientation and outline comes out as the same two arrays; anything else is one clear fault."""

import gzip
import itertools
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import generate_uid

from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.formats import image_files
from npc.imaging.readers import Scan, read_scans
from tests.imaging.dicom_files import IDENTIFIERS, UID_PREFIX, write_rtstruct, write_series
from tests.scans import read_scan

SPACING = (3.0, 1.5, 1.25)
ORIGIN = (-20.0, 12.5, 100.0)
SHAPE = (5, 8, 10)
FORMATS = [".nii", ".nii.gz", ".nrrd", ".mha"]
TILT = tuple(sitk.VersorTransform((0.8, 0.3, 0.5), 0.2).GetMatrix())  # 11 degrees about a skew axis
ORIENTATIONS = [
    "".join(side[flip] for side, flip in zip(axes, flips, strict=True))
    for axes in itertools.permutations(("LR", "PA", "SI"))
    for flips in itertools.product((0, 1), repeat=3)
]


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).permutation(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)


@pytest.fixture
def outline() -> np.ndarray:
    """A block with a hole in it, and a second one with nothing but a corner in common."""
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[1:4, 1:6, 2:7] = 1
    mask[2, 3, 4] = 0
    mask[2:4, 6:8, 7:9] = 1
    return mask


def volume(array: np.ndarray, spacing=SPACING, origin=ORIGIN, direction=None) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing[::-1])
    image.SetOrigin(origin)
    if direction is not None:
        image.SetDirection(direction)
    return image


def write(path: Path, array: np.ndarray, **geometry) -> Path:
    lower = path.with_name(path.name.lower())  # SimpleITK writes no capitals
    sitk.WriteImage(volume(array, **geometry), str(lower))
    return lower.rename(path)


def same(scan: Scan, values: np.ndarray, outline: np.ndarray) -> None:
    assert scan.image.dtype == np.float32
    assert scan.mask.dtype == bool
    np.testing.assert_array_equal(scan.image, values)
    np.testing.assert_array_equal(scan.mask, outline.astype(bool))
    np.testing.assert_allclose(scan.spacing, SPACING, atol=1e-6)


def fault(*words: str, **call) -> None:
    """Reading fails with one sentence that says all these words and no identifier."""
    with pytest.raises(InputError) as caught:
        read_scan(**call)
    message = str(caught.value)
    for word in words:
        assert word in message
    for secret in (*IDENTIFIERS.values(), UID_PREFIX):
        assert secret not in message
    assert "\n" not in message


@pytest.fixture
def nifti(tmp_path, values, outline) -> dict[str, Path]:
    return {
        "image_path": write(tmp_path / "image.nii.gz", values),
        "mask_path": write(tmp_path / "mask.nii.gz", outline),
    }


@pytest.fixture
def series(tmp_path, values, outline) -> dict[str, Path]:
    """A DICOM series, its files named by the patient as scanners do, with an RTSTRUCT."""
    geometry = {"spacing": SPACING, "origin": ORIGIN}
    write_series(tmp_path / "image", values, name="DOE^JANE.{:03}.IMA", **geometry)
    rtstruct = write_rtstruct(tmp_path / "mask" / "RS.dcm", {"GTV": outline}, **geometry)
    return {"image_path": tmp_path / "image", "mask_path": rtstruct}


def change(file: Path, **tags) -> None:
    dataset = pydicom.dcmread(file)
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    dataset.save_as(file)


class TestFormats:
    @pytest.mark.parametrize("suffix", [*FORMATS, ".NII.GZ", ".NRRD", ".MHA"])
    def test_volume_file(self, tmp_path, values, outline, suffix):
        image, mask = (
            write(tmp_path / f"{name}{suffix}", array) for name, array in (("image", values), ("mask", outline))
        )
        same(read_scan(image, mask), values, outline)

    def test_series_with_rtstruct_file(self, series, values, outline):
        same(read_scan(**series), values, outline)

    def test_series_with_rtstruct_folder(self, series, values, outline):
        series["mask_path"] = series["mask_path"].parent
        same(read_scan(**series, roi="GTV"), values, outline)

    def test_rtstruct_among_the_slices(self, series, values, outline):
        series["mask_path"] = series["mask_path"].rename(series["image_path"] / "RS.dcm").parent
        same(read_scan(**series), values, outline)

    def test_mask_as_series(self, series, tmp_path, values, outline):
        write_series(tmp_path / "labels", outline, spacing=SPACING, origin=ORIGIN)
        same(read_scan(series["image_path"], tmp_path / "labels", label=1), values, outline)

    def test_rtstruct_on_a_volume_file_stored_sagittal(self, series, tmp_path, values, outline):
        image = sitk.DICOMOrient(volume(values), "SAR")
        sitk.WriteImage(image, str(tmp_path / "sagittal.nrrd"))
        same(read_scan(tmp_path / "sagittal.nrrd", series["mask_path"]), values, outline)

    def test_file_order_and_slice_direction_do_not_matter(self, tmp_path, values, outline):
        write_series(
            tmp_path / "image",
            values[::-1],
            spacing=SPACING,
            origin=(*ORIGIN[:2], ORIGIN[2] + SPACING[0] * (SHAPE[0] - 1)),
            direction=(1, 0, 0, 0, 1, 0, 0, 0, -1),
        )
        same(read_scan(tmp_path / "image", write(tmp_path / "mask.nrrd", outline)), values, outline)

    def test_single_slice(self, tmp_path, values, outline):
        write_series(tmp_path / "image", values[2:3], spacing=SPACING)
        write_rtstruct(tmp_path / "RS.dcm", {"GTV": outline[2:3]}, spacing=SPACING)
        same(read_scan(tmp_path / "image", tmp_path / "RS.dcm"), values[2:3], outline[2:3])

    def test_rescaling_may_differ_from_slice_to_slice(self, series, values):
        for number, file in enumerate(sorted(series["image_path"].iterdir())):
            change(file, RescaleSlope=f"{1 + number / 2}", RescaleIntercept="-0.25")
        slopes = 1 + np.arange(SHAPE[0])[:, None, None] / 2
        np.testing.assert_array_equal(read_scan(**series).image, values * slopes - 0.25)

    def test_fourth_axis_of_length_one_is_dropped(self, nifti, values, outline):
        image = sitk.JoinSeries([volume(values)])
        sitk.WriteImage(image, str(nifti["image_path"]))
        same(read_scan(**nifti), values, outline)

    def test_other_files_in_the_folder_are_ignored(self, series, values, outline):
        folder = series["image_path"]
        for name in ("notes.txt", "Thumbs.db", ".DS_Store", "._slice.dcm"):
            (folder / name).write_text("no DICOM")
        write_rtstruct(folder / "DICOMDIR", {})  # DICOM without pixel data
        same(read_scan(**series), values, outline)

    def test_one_label_of_several(self, nifti, values, outline):
        labels = outline * 3
        labels[0, 0, 0] = 1
        write(nifti["mask_path"], labels)
        same(read_scan(**nifti, label=3), values, outline)
        fault("mask.nii.gz", "2 labels (1, 3)", "cohort.label=1", "cohort.label=[1,3]", **nifti)
        same(read_scan(**nifti, label=(3, 7)), values, outline)
        assert read_scan(**nifti, label=(1, 3)).mask.sum() == outline.sum() + 1
        fault("mask.nii.gz", "no label 2 or 4; those there: 1, 3", **nifti, label=(2, 4))

    def test_one_roi_of_several(self, series, values, outline):
        rois = {"node": outline[:, ::-1], "GTV": outline, "empty": outline * 0}
        write_rtstruct(series["mask_path"], rois, spacing=SPACING, origin=ORIGIN)
        same(read_scan(**series, roi="GTV"), values, outline)

    def test_a_pattern_names_one_roi_of_each_patient(self, series, values, outline):
        rois = {"node": outline[:, ::-1], "GTV_T 2016": outline}
        write_rtstruct(series["mask_path"], rois, spacing=SPACING, origin=ORIGIN)
        same(read_scan(**series, roi="GTV*"), values, outline)
        fault("several ROIs '*'", "'node', 'GTV_T 2016'", **series, roi="*")
        fault("no ROI 'CTV*'", **series, roi="CTV*")

    def test_empty_rois_need_no_name(self, series, values, outline):
        rois = {"empty": outline * 0, "GTV": outline}
        write_rtstruct(series["mask_path"], rois, spacing=SPACING, origin=ORIGIN)
        same(read_scan(**series), values, outline)


class TestOrientation:
    @pytest.mark.parametrize("code", ORIENTATIONS)
    def test_every_axis_order_and_flip(self, tmp_path, values, outline, code):
        stored = sitk.DICOMOrient(volume(values), code)
        sitk.WriteImage(stored, str(tmp_path / "image.nrrd"))
        scan = read_scan(tmp_path / "image.nrrd", write(tmp_path / "mask.nrrd", outline))
        same(scan, values, outline)

    @pytest.mark.parametrize("code", ["LPS", "PSR", "PIL", "LSA", "LIP", "RAI"])
    @pytest.mark.parametrize("tilt", [None, TILT], ids=["straight", "oblique"])
    def test_acquired_in_any_plane(self, tmp_path, values, outline, code, tilt):
        image, mask = (sitk.DICOMOrient(volume(array, direction=tilt), code) for array in (values, outline))
        geometry = {
            "spacing": image.GetSpacing()[::-1],
            "origin": image.GetOrigin(),
            "direction": image.GetDirection(),
        }
        write_series(tmp_path / "image", sitk.GetArrayFromImage(image), **geometry)
        write_rtstruct(tmp_path / "RS.dcm", {"GTV": sitk.GetArrayFromImage(mask)}, **geometry)
        same(read_scan(tmp_path / "image", tmp_path / "RS.dcm"), values, outline)


class TestGrid:
    @pytest.mark.parametrize("part", [0.05, 0.45])
    def test_header_noise_is_corrected(self, nifti, values, outline, part):
        write(nifti["mask_path"], outline, origin=tuple(np.add(ORIGIN, part * np.array(SPACING[::-1]))))
        same(read_scan(**nifti), values, outline)

    def test_offset_of_more_than_half_a_voxel(self, nifti, outline):
        write(nifti["mask_path"], outline, origin=(ORIGIN[0] + 0.6 * SPACING[2], *ORIGIN[1:]))
        fault("mask.nii.gz", "image.nii.gz", "another grid", "0.6 voxels apart", "resample", **nifti)

    def test_noise_that_adds_up_along_an_axis(self, nifti, outline):
        write(nifti["mask_path"], outline, spacing=(*SPACING[:2], SPACING[2] * 1.1))
        fault("another grid", "0.9 voxels apart", "1.38 mm", "1.25 mm", **nifti)

    def test_header_lost(self, nifti, outline):
        sitk.WriteImage(sitk.GetImageFromArray(outline), str(nifti["mask_path"]))
        fault("mask.nii.gz", "another grid", **nifti)

    def test_mask_larger_than_the_image(self, nifti, outline):
        write(nifti["mask_path"], np.pad(outline, 2))
        fault("different sizes", "9 x 12 x 14 voxels", "5 x 8 x 10 voxels", **nifti)

    @pytest.mark.parametrize("below", [True, False])
    def test_contours_outside_of_the_slices(self, series, outline, below):
        # A slice number below zero would wrap round to the other end of the volume.
        low = ORIGIN[2] + (-2 if below else 2) * SPACING[0]
        write_rtstruct(series["mask_path"], {"GTV": outline}, spacing=SPACING, origin=(*ORIGIN[:2], low))
        fault("RS.dcm", "'GTV'", "outside the image", "same patient", **series)

    def test_contours_outside_of_the_field_of_view(self, series, outline):
        write_rtstruct(series["mask_path"], {"GTV": outline}, spacing=SPACING, origin=(500, *ORIGIN[1:]))
        fault("RS.dcm", "outside the image", **series)

    def test_contours_of_another_slice_spacing(self, series, outline):
        write_rtstruct(series["mask_path"], {"GTV": outline}, spacing=(2.0, *SPACING[1:]), origin=ORIGIN)
        fault("RS.dcm", "do not lie in the image's slices", "another series", **series)

    def test_contours_oblique_to_the_image(self, series, outline):
        write_rtstruct(series["mask_path"], {"GTV": outline}, spacing=SPACING, origin=ORIGIN, direction=TILT)
        fault("RS.dcm", "do not lie in the image's slices", **series)


class TestBadFiles:
    @pytest.mark.parametrize("which", ["image_path", "mask_path"])
    def test_missing(self, nifti, which):
        nifti[which].unlink()
        fault(nifti[which].name, "does not exist", **nifti)

    @pytest.mark.parametrize("keep", [0.0, 0.02, 0.5, 0.99])
    @pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
    def test_truncated(self, nifti, tmp_path, values, suffix, keep, capfd):
        path = write(tmp_path / f"cut{suffix}", values)
        path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
        fault(path.name, "again", **nifti | {"image_path": path})
        assert capfd.readouterr().err == ""

    def test_truncated_before_it_was_compressed(self, nifti, tmp_path, values):
        whole = write(tmp_path / "whole.nii", values).read_bytes()
        nifti["image_path"].write_bytes(gzip.compress(whole[:-2]))
        fault("image.nii.gz", "truncated", **nifti)

    @pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
    def test_detached_header(self, nifti, tmp_path, values, suffix):
        """Its voxels could lie outside of the cohort, and change unseen."""
        apart = write(tmp_path / f"apart{suffix}", values)
        nifti["image_path"] = apart
        fault(apart.name, "one of two files", **nifti)
        renamed = apart.with_suffix({".mhd": ".mha", ".nhdr": ".nrrd"}[suffix])
        nifti["image_path"] = apart.rename(renamed)
        fault(renamed.name, "another file", "one file", **nifti)

    def test_content_of_another_format_than_the_name(self, nifti):
        nifti["mask_path"].write_text("<html>404</html>" * 99)
        fault("mask.nii.gz", "is not a NIfTI file, despite its name", **nifti)

    def test_unknown_format(self, nifti):
        nifti["image_path"] = nifti["image_path"].rename(nifti["image_path"].with_name("image.mat"))
        fault("image.mat", "unknown format", ".nrrd", "DICOM series", **nifti)

    def test_several_volumes(self, nifti, values):
        sitk.WriteImage(sitk.JoinSeries([volume(values)] * 3), str(nifti["image_path"]))
        fault("image.nii.gz", "holds 3 volumes", **nifti)

    def test_colours(self, nifti, tmp_path, values):
        nifti["image_path"] = tmp_path / "colour.mha"
        sitk.WriteImage(sitk.Compose([sitk.Cast(volume(values), sitk.sitkUInt8)] * 3), str(nifti["image_path"]))
        fault("colour.mha", "3 values per voxel", "grey-scale", **nifti)

    def test_single_image(self, nifti, values):
        sitk.WriteImage(sitk.GetImageFromArray(values[0]), str(nifti["image_path"].with_suffix(".mha")))
        nifti["image_path"] = nifti["image_path"].with_suffix(".mha")
        fault("10 x 8 image", "volume", **nifti)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    @pytest.mark.parametrize("suffix", FORMATS)
    def test_not_finite_inside_the_outline(self, nifti, tmp_path, values, value, suffix):
        bad = values.astype(np.float32)
        bad[2, 2, 2] = value
        nifti["image_path"] = write(tmp_path / f"bad{suffix}", bad)
        fault(f"bad{suffix}", "1 voxels inside the outline", "NaN", **nifti)

    @pytest.mark.parametrize("suffix", FORMATS)
    def test_not_finite_outside_of_the_outline_is_kept(self, nifti, tmp_path, values, outline, suffix):
        bad = values.astype(np.float64)
        bad[0, 0, :3] = np.nan
        nifti["image_path"] = write(tmp_path / f"bad{suffix}", bad)
        same(read_scan(**nifti), bad, outline)

    def test_empty_outline(self, nifti, outline):
        write(nifti["mask_path"], outline * 0)
        fault("mask.nii.gz", "empty outline", **nifti)

    def test_absent_label(self, nifti, outline):
        write(nifti["mask_path"], outline * 4)
        fault("mask.nii.gz", "no label 2", "those there: 4", **nifti, label=2)

    @pytest.mark.parametrize("suffix", FORMATS)
    def test_fractions_between_labels(self, nifti, tmp_path, values, outline, suffix):
        nifti["mask_path"] = write(tmp_path / f"soft{suffix}", outline * np.float32(0.999))
        same(read_scan(**nifti), values, outline)  # rounding
        soft = sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(outline.astype(np.float32)), 0.7)
        write(nifti["mask_path"], sitk.GetArrayFromImage(soft))
        for label in (None, 1):
            fault(f"soft{suffix}", "fractions between its labels", "nearest neighbour", **nifti, label=label)

    def test_rounding_around_the_outline_is_no_outline(self, nifti, values, outline):
        write(nifti["mask_path"], np.where(outline, 2, 1e-4).astype(np.float32))
        same(read_scan(**nifti), values, outline)
        write(nifti["mask_path"], np.where(outline, 1e-4, 0))
        fault("mask.nii.gz", "empty outline", **nifti)

    def test_the_image_as_outline(self, nifti, values):
        write(nifti["mask_path"], values)
        fault("mask.nii.gz", "399 labels (1, 2, ", ", ...)", "if this is the image", **nifti)

    def test_not_finite_mask(self, nifti, outline):
        write(nifti["mask_path"], np.where(outline, 1.0, np.nan))
        fault("mask.nii.gz", "not finite", "write 0", **nifti)


class TestBadSeries:
    @pytest.fixture
    def slices(self, series) -> list[Path]:
        return sorted(series["image_path"].iterdir())

    def test_no_dicom_in_the_folder(self, series, tmp_path):
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "readme.txt").touch()
        series["image_path"] = tmp_path / "empty"
        fault("empty", "no DICOM files", **series)

    def test_no_image_in_the_folder(self, series):
        series["image_path"] = series["mask_path"].parent
        fault("mask", "no image", **series)

    def test_single_slice_without_thickness(self, series, slices):
        for file in slices[1:]:
            file.unlink()
        change(slices[0], SliceThickness=None)
        fault("single slice", "whole series", **series)

    def test_two_series(self, series, slices):
        change(slices[0], SeriesInstanceUID=generate_uid(UID_PREFIX))
        fault("image holds 2 DICOM series", "folder of its own", **series)

    def test_missing_slice(self, series, slices):
        slices[2].unlink()
        fault("image lacks a slice between 103.0 and 109.0 mm", "3.00 mm apart", "export", **series)

    def test_two_slices_at_one_position(self, series, slices):
        change(slices[2], ImagePositionPatient=pydicom.dcmread(slices[3]).ImagePositionPatient)
        fault("two slices at the same position (109.0 mm", "one echo", **series)

    def test_uneven_slices(self, series, slices):
        change(slices[2], ImagePositionPatient=[*ORIGIN[:2], ORIGIN[2] + 2.3 * SPACING[0]])
        fault("unevenly spaced", "resample", **series)

    def test_tilted_gantry(self, series, slices):
        for number, file in enumerate(slices):
            change(file, ImagePositionPatient=[ORIGIN[0], ORIGIN[1] + number, ORIGIN[2] + 3 * number])
        fault("sheared", "resample", **series)

    @pytest.mark.parametrize(
        ("tags", "what"),
        [
            ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "orientation"),
            ({"PixelSpacing": [2, 2]}, "pixel spacing"),
            ({"Rows": SHAPE[1] // 2}, "size"),
        ],
    )
    def test_slice_unlike_the_others(self, series, slices, tags, what):
        change(slices[1], **tags)
        fault("image: file 2 of 5", f"another {what} than most", "scout", **series)

    @pytest.mark.parametrize("keep", [0, 200, 300, 500, 900, -1])
    def test_truncated_slice(self, series, slices, keep, capfd):
        slices[3].write_bytes(slices[3].read_bytes()[:keep])
        fault("image: file 4 of 5", "again", **series)
        assert capfd.readouterr().err == ""

    def test_slice_without_position(self, series, slices):
        change(slices[0], ImagePositionPatient=None)
        fault("image: file 1 of 5", "lacks ImagePositionPatient", **series)

    def test_multi_frame_file(self, series, slices):
        change(slices[0], NumberOfFrames=4)
        fault("file 1 of 5", "multi-frame", "NIfTI", **series)

    def test_colours(self, series, slices):
        change(slices[0], SamplesPerPixel=3)
        fault("file 1 of 5", "colour", **series)

    def test_one_file_for_a_series(self, series, slices, tmp_path):
        series["image_path"] = slices[0].rename(tmp_path / "slice.dcm")
        fault("slice.dcm", "single DICOM file", "folder", **series)


class TestBadRtstruct:
    def test_no_such_roi(self, series):
        fault("RS.dcm", "no ROI 'GTVp'", "those there: 'GTV'", **series, roi="GTVp")

    def test_file_name_with_identifiers(self, series):
        file = series["mask_path"]
        series["mask_path"] = file.rename(file.with_name(f"RS.{generate_uid(UID_PREFIX)}.DOE^JANE.dcm")).parent
        fault("mask has no ROI 'GTVp'", **series, roi="GTVp")

    def test_a_roi_name_is_needed_where_there_are_several(self, series, outline):
        write_rtstruct(series["mask_path"], {"GTVp": outline, "GTVn": outline}, spacing=SPACING, origin=ORIGIN)
        fault("RS.dcm", "several ROIs", "'GTVp', 'GTVn'", **series)

    def test_roi_without_contours(self, series, outline):
        write_rtstruct(series["mask_path"], {"GTV": outline * 0}, spacing=SPACING, origin=ORIGIN)
        fault("RS.dcm", "empty outline", **series)
        fault("RS.dcm", "empty outline", **series, roi="GTV")

    def test_several_files(self, series, outline):
        write_rtstruct(series["mask_path"].with_name("RS2.dcm"), {"GTV": outline})
        series["mask_path"] = series["mask_path"].parent
        fault("mask holds 2 RTSTRUCT files", **series)

    @pytest.mark.parametrize("keep", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9])
    def test_truncated(self, series, keep):
        whole = series["mask_path"].read_bytes()
        series["mask_path"].write_bytes(whole[: int(keep * len(whole))])
        fault("RS.dcm", **series)


class TestImageFiles:
    def test_volume(self, nifti):
        assert image_files(nifti["image_path"]) == [nifti["image_path"]]

    def test_series_sorted_by_name_and_not_opened(self, tmp_path):
        for name in ("IM2", "IM1.dcm", "DICOMDIR", "1.2.840.77", "a.txt", ".hidden.dcm"):
            (tmp_path / name).touch()
        assert [file.name for file in image_files(tmp_path)] == ["1.2.840.77", "DICOMDIR", "IM1.dcm", "IM2"]

    def test_missing(self, tmp_path):
        with pytest.raises(InputError, match=r"none\.nii does not exist"):
            image_files(tmp_path / "none.nii")


class TestRealData:
    @pytest.mark.parametrize("patient", ["STS_002", "STS_025", "STS_042"])
    def test_dicom_and_nifti_agree(self, npc_data, patient):
        dicom = npc_data / "sts/dicom" / patient / "MR_T1"
        nifti = npc_data / "sts/nifti" / patient
        ours = read_scan(dicom / "image", dicom / "mask" / "RS.dcm", roi="GTV_Mass_MR_T1")
        theirs = read_scan(nifti / "MR_T1_image.nii.gz", nifti / "MR_T1_mask.nii.gz")
        np.testing.assert_array_equal(ours.image, theirs.image)
        np.testing.assert_allclose(ours.spacing, theirs.spacing, atol=1e-3)
        dice = 2 * (ours.mask & theirs.mask).sum() / (ours.mask.sum() + theirs.mask.sum())
        assert dice > 0.999

    @pytest.mark.slow
    def test_largest_outline(self, npc_data):
        dicom = npc_data / "sts/dicom/STS_009/MR_T1"
        scan = read_scan(dicom / "image", dicom / "mask")
        assert scan.image.shape == (83, 212, 199)
        assert scan.mask.any(axis=(1, 2)).sum() == 67


# several outlines of one image


def test_several_outlines_share_an_image_that_is_read_once(nifti, tmp_path, outline):
    second = write(tmp_path / "second.nii.gz", np.roll(outline, 1, axis=2))
    paths = {"reader1": nifti["mask_path"], "reader2": second}
    scans = read_scans(Study("P1", "mr", nifti["image_path"], paths))
    assert list(scans) == list(paths)
    for reader, path in paths.items():
        alone = read_scan(nifti["image_path"], path)
        np.testing.assert_array_equal(scans[reader].mask, alone.mask)
        np.testing.assert_array_equal(scans[reader].image, alone.image)
    assert scans["reader1"].image is scans["reader2"].image
    assert (scans["reader1"].mask != scans["reader2"].mask).any()


def test_the_faults_of_all_outlines_are_reported(nifti, tmp_path, outline):
    empty = write(tmp_path / "empty.nii.gz", outline * 0)
    other = write(tmp_path / "other.nii.gz", outline, spacing=(3.0, 3.0, 3.0))
    with pytest.raises(InputError) as caught:
        read_scans(Study("P1", "mr", nifti["image_path"], {"a": nifti["mask_path"], "b": empty, "c": other}))
    first, second = caught.value.faults
    assert str(empty) in first
    assert "empty outline" in first
    assert str(other) in second
    assert "another grid" in second
    with pytest.raises(InputError) as caught:
        read_scans(Study("P1", "mr", nifti["image_path"], {"a": tmp_path / "a.nii", "b": tmp_path / "b.nii"}))
    assert ["does not exist" in fault for fault in caught.value.faults] == [True, True]
