"""Broken DICOM series: what scanners, archives and anonymisers make of one."""

import shutil
from pathlib import Path
from typing import Any

import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, generate_uid

from tests.broken_inputs.corpus import kind
from tests.broken_inputs.good_cohort import SPACING, outline
from tests.imaging.dicom_files import UID_PREFIX, write_rtstruct

SERIES, THIRD = "P1/cet1", "P1/cet1: file 3 of 5 by name"


def slices(folder: Path) -> list[Path]:
    return sorted((folder / SERIES).iterdir())


def change(file: Path, **tags: Any) -> None:
    """Set tags of a file; None takes one out."""
    with pydicom.config.disable_value_validation():
        dataset = pydicom.dcmread(file)
        for tag, value in tags.items():
            if value is None:
                delattr(dataset, tag)
            else:
                setattr(dataset, tag, value)
        dataset.save_as(file)


def change_all(folder: Path, **tags: Any) -> None:
    for file in slices(folder):
        change(file, **tags)


def cut(file: Path, keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])


@kind(THIRD, "is empty (0 bytes)", "copy")
def empty_file(folder: Path) -> None:
    cut(slices(folder)[2], 0)


@kind(THIRD, "is not a DICOM file", "remove it")
def text_named_dcm(folder: Path) -> None:
    slices(folder)[2].write_text("Patient: DOE^JANE, born 1966-12-24\n" * 20)


@kind(THIRD, "lacks Rows, Columns, PixelSpacing", "again")
def truncated_header(folder: Path) -> None:
    cut(slices(folder)[2], 300)


@kind(THIRD, "truncated pixel data", "again")
def truncated_pixels(folder: Path) -> None:
    cut(slices(folder)[2], -20)


@kind(THIRD, "has no pixel data", "again")
def no_pixels(folder: Path) -> None:
    change(slices(folder)[2], PixelData=None)


@kind(THIRD, "can't be decompressed (JPEG Baseline", "again")
def jpeg_of_garbage(folder: Path) -> None:
    dataset = pydicom.dcmread(slices(folder)[2])
    dataset.PixelData = encapsulate([b"\xff\xd8 this is no JPEG \xff\xd9"])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.save_as(slices(folder)[2])


@kind(SERIES, "lacks a slice between 3.0 and 9.0 mm", "whole series")
def missing_slice(folder: Path) -> None:
    slices(folder)[2].unlink()


@kind(SERIES, "two slices at the same position (9.0 mm", "one echo")
def two_slices_at_one_position(folder: Path) -> None:
    change(slices(folder)[2], ImagePositionPatient=[0, 0, 9])


@kind(SERIES, "unevenly spaced", "resample")
def uneven_slices(folder: Path) -> None:
    change(slices(folder)[2], ImagePositionPatient=[0, 0, 7])


@kind(SERIES, "sheared (tilted gantry)", "resample")
def tilted_gantry(folder: Path) -> None:
    for number, file in enumerate(slices(folder)):
        change(file, ImagePositionPatient=[0, number, 3 * number])


@kind(SERIES, "holds 2 DICOM series", "folder of its own")
def two_series(folder: Path) -> None:
    change(slices(folder)[2], SeriesInstanceUID=generate_uid(UID_PREFIX))


@kind(THIRD, "another orientation than most", "scout")
def mixed_orientation(folder: Path) -> None:
    change(slices(folder)[2], ImageOrientationPatient=[0, 1, 0, 0, 0, -1])


@kind(THIRD, "another size than most", "scout")
def mixed_size(folder: Path) -> None:
    change(slices(folder)[2], Rows=4)


@kind(THIRD, "another pixel spacing than most", "scout")
def mixed_spacing(folder: Path) -> None:
    change(slices(folder)[2], PixelSpacing=[2, 2])


@kind(THIRD, "lacks ImagePositionPatient", "again")
def no_position(folder: Path) -> None:
    change(slices(folder)[2], ImagePositionPatient=None)


@kind(THIRD, "PixelSpacing", "not finite", "again")
def nan_in_spacing(folder: Path) -> None:
    file = slices(folder)[2]
    change(file, PixelSpacing=["1.25", "1.75"])
    file.write_bytes(file.read_bytes().replace(b"1.25\\1.75", b"1.25\\nan "))


@kind("P1/cet1: file 1 of 5", "PixelSpacing", "not above 0", "again")
def zero_spacing(folder: Path) -> None:
    change_all(folder, PixelSpacing=[0, 0])


@kind("P1/cet1: file 1 of 5", "ImageOrientationPatient", "not orthogonal", "again")
def orientation_of_zeros(folder: Path) -> None:
    change_all(folder, ImageOrientationPatient=[0, 0, 0, 0, 0, 0])


@kind("P1/cet1: file 1 of 5", "PixelSpacing holds 1 of 2 numbers", "again")
def spacing_of_one_value(folder: Path) -> None:
    change_all(folder, PixelSpacing=[1])


@kind("P1/cet1: file 1 of 5", "RescaleSlope is not finite", "again")
def nan_rescale_slope(folder: Path) -> None:
    for file in slices(folder):
        change(file, RescaleSlope="1.25")
        file.write_bytes(file.read_bytes().replace(b"1.25", b"nan "))


@kind("P1/cet1: file 1 of 5", "RescaleSlope is 0", "again")
def zero_rescale_slope(folder: Path) -> None:
    change_all(folder, RescaleSlope=0)


@kind(THIRD, "multi-frame", "NIfTI")
def multi_frame(folder: Path) -> None:
    change(slices(folder)[2], NumberOfFrames=4)


@kind(THIRD, "colour", "grey-scale")
def colour(folder: Path) -> None:
    change(slices(folder)[2], SamplesPerPixel=3, PhotometricInterpretation="RGB")


@kind("P1/cet1: file 1 of 1 by name", "is a single slice without its thickness", "whole series")
def single_slice_without_thickness(folder: Path) -> None:
    for file in slices(folder)[1:]:
        file.unlink()
    change(slices(folder)[0], SliceThickness=None)


@kind(SERIES, "holds DICOM files but no image", "slices")
def rtstruct_as_image(folder: Path) -> None:
    shutil.rmtree(folder / SERIES)
    write_rtstruct(folder / SERIES / "RS.dcm", {"GTV": outline()}, spacing=SPACING)


@kind(SERIES, "holds no DICOM files", "slices")
def no_dicom_in_the_folder(folder: Path) -> None:
    for number, file in enumerate(slices(folder)):
        file.rename(file.with_name(f"{number}.png"))


@kind("P1/slice.dcm", "single DICOM file", "folder")
def one_file_for_a_series(folder: Path) -> None:
    slices(folder)[0].rename(folder / "P1" / "slice.dcm")
    table = folder / "patients.csv"
    table.write_text(table.read_text().replace("P1/cet1", "P1/slice.dcm"))
