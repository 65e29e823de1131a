"""Broken outlines drawn as contours."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.uid import generate_uid

from tests.broken_inputs.corpus import kind
from tests.broken_inputs.dicom import cut
from tests.broken_inputs.good_cohort import SPACING, outline
from tests.imaging.dicom_files import UID_PREFIX, write_rtstruct

FILE = "P1/RS.dcm"


def redraw(folder: Path, draw: Callable[[Dataset], None]) -> None:
    """Change each contour of the outline."""
    with pydicom.config.disable_value_validation():
        structure = pydicom.dcmread(folder / FILE)
        for contour in structure.ROIContourSequence[0].ContourSequence:
            draw(contour)
        structure.save_as(folder / FILE)


def move(folder: Path, by: tuple[float, float, float]) -> None:
    write_rtstruct(folder / FILE, {"GTV": outline()}, spacing=SPACING, origin=by)


@kind(FILE, "has no ROI 'GTVp'", "'GTV'")
def no_such_roi(folder: Path) -> list[str]:
    return ["+cohort.roi.cet1=GTVp"]


@kind(FILE, "several ROIs with contours", "name one", "'GTVp', 'GTVn'")
def two_rois_and_none_chosen(folder: Path) -> None:
    write_rtstruct(folder / FILE, {"GTVp": outline(), "GTVn": outline()}, spacing=SPACING)


@kind(FILE, "ROI 'GTV' more than once", "rename")
def one_name_for_two_rois(folder: Path) -> list[str]:
    write_rtstruct(folder / FILE, {"GTV": outline(), "GTVn": outline()}, spacing=SPACING)
    structure = pydicom.dcmread(folder / FILE)
    structure.StructureSetROISequence[1].ROIName = "GTV"
    structure.save_as(folder / FILE)
    return ["+cohort.roi.cet1=GTV"]


@kind(FILE, "no contours", "outline the tumour")
def roi_without_contours(folder: Path) -> None:
    write_rtstruct(folder / FILE, {"GTV": outline() * 0}, spacing=SPACING)


@kind(FILE, "OPEN_PLANAR alone", "closed contours")
def open_contours(folder: Path) -> None:
    redraw(folder, lambda contour: setattr(contour, "ContourGeometricType", "OPEN_PLANAR"))


@kind(FILE, "POINT alone", "closed contours")
def points_only(folder: Path) -> None:
    redraw(folder, lambda contour: setattr(contour, "ContourGeometricType", "POINT"))


@kind(FILE, "fewer than three points", "outline")
def contours_of_two_points(folder: Path) -> None:
    redraw(folder, lambda contour: setattr(contour, "ContourData", contour.ContourData[:6]))


@kind(FILE, "not finite", "export")
def points_that_are_no_numbers(folder: Path) -> None:
    file = folder / FILE
    redraw(folder, lambda contour: setattr(contour, "ContourData", ["1.2345", *contour.ContourData[1:]]))
    file.write_bytes(file.read_bytes().replace(b"1.2345", b"   nan"))


@kind(FILE, "coordinates are not triples", "export")
def half_a_point(folder: Path) -> None:
    redraw(folder, lambda contour: setattr(contour, "ContourData", contour.ContourData[:-1]))


@kind(FILE, "beyond its field of view", "same patient")
def contours_outside_of_the_field_of_view(folder: Path) -> None:
    move(folder, (500, 0, 0))


@kind(FILE, "above or below its slices", "same patient")
def contours_outside_of_the_slices(folder: Path) -> None:
    move(folder, (0, 0, 30))


@kind(FILE, "between two of them", "contours are", "another series")
def contours_between_slices(folder: Path) -> None:
    write_rtstruct(folder / FILE, {"GTV": outline()}, spacing=(2.0, 1.0, 1.0))


@kind(FILE, "contour 2 at 7.5 mm is between two of them, at 6.0 and 9.0 mm)", "another series")
def one_contour_between_slices(folder: Path) -> None:
    structure = pydicom.dcmread(folder / FILE)
    contour = structure.ROIContourSequence[0].ContourSequence[1]
    contour.ContourData[2::3] = [7.5] * (len(contour.ContourData) // 3)
    structure.save_as(folder / FILE)


@kind(FILE, "tilted", "another series")
def contours_tilted_against_the_slices(folder: Path) -> None:
    tilt = np.deg2rad(30)
    turned = (1, 0, 0, 0, np.cos(tilt), -np.sin(tilt), 0, np.sin(tilt), np.cos(tilt))
    write_rtstruct(folder / FILE, {"GTV": outline()}, spacing=SPACING, direction=turned)


@kind(FILE, "enclose no voxel", "outline")
def contours_too_small_for_a_voxel(folder: Path) -> None:
    def shrink(contour: Dataset) -> None:
        points = np.reshape(np.array(contour.ContourData, float), (-1, 3))
        inside = points[0] + [0.3, 0.3, 0] + (points - points[0]) * [0.01, 0.01, 1]
        contour.ContourData = [f"{value:.6g}" for value in inside.ravel()]

    redraw(folder, shrink)


@kind(FILE, "frame of reference", "series that it was drawn on")
def another_frame_of_reference(folder: Path) -> None:
    structure = pydicom.dcmread(folder / FILE)
    structure.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = generate_uid(UID_PREFIX)
    structure.save_as(folder / FILE)


@kind(FILE, "is a truncated or damaged RTSTRUCT", "again")
def truncated(folder: Path) -> None:
    cut(folder / FILE, -200)


@kind(FILE, "empty (0 bytes)", "again")
def empty_file(folder: Path) -> None:
    cut(folder / FILE, 0)


@kind(FILE, "lists no ROI", "export")
def no_roi(folder: Path) -> None:
    write_rtstruct(folder / FILE, {}, spacing=SPACING)


@kind("P1/structures", "holds 2 RTSTRUCT files", "one of them")
def two_files(folder: Path) -> None:
    for name in ("RS1.dcm", "RS2.dcm"):
        write_rtstruct(folder / "P1" / "structures" / name, {"GTV": outline()}, spacing=SPACING)
    table = folder / "patients.csv"
    table.write_text(table.read_text().replace(FILE, "P1/structures"))
