"""Contours of an RTSTRUCT reach the slices they lie in; what cannot be placed is refused."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from npc.errors import InputError
from tests.imaging.dicom_files import write_rtstruct, write_series
from tests.scans import read_scan

SHAPE = (6, 12, 14)
SPACING = (3.0, 1.0, 1.0)
Box = tuple[float, float, float, float]  # top, left, bottom, right


@pytest.fixture
def image(tmp_path) -> Path:
    values = np.random.default_rng(0).permutation(np.prod(SHAPE)).reshape(SHAPE)
    write_series(tmp_path / "image", values, spacing=SPACING)
    return tmp_path / "image"


def contour(box: Box, height: float, kind: str = "CLOSED_PLANAR") -> Dataset:
    """A rectangle at a height in slices."""
    top, left, bottom, right = box
    item = Dataset()
    item.ContourGeometricType = kind
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    item.ContourData = [f"{value:g}" for x, y in corners for value in (x, y, 3 * height)]
    return item


def points(item: Dataset, count: int | None) -> Dataset:
    """The contour with its first points alone, without value (0) or without the tag (None)."""
    item.ContourData = item.ContourData[: 3 * count] if count else None
    if count is None:
        del item.ContourData
    return item


def draw(folder: Path, *items: Dataset) -> Path:
    file = write_rtstruct(folder / "RS.dcm", {"GTV": np.zeros(SHAPE)}, spacing=SPACING)
    structure = pydicom.dcmread(file)
    structure.ROIContourSequence[0].ContourSequence = list(items)
    structure.save_as(file)
    return file


def boxes(*places: tuple[int, Box]) -> np.ndarray:
    """The pixels within rectangles whose sides lie between pixels."""
    mask = np.zeros(SHAPE, bool)
    for slice_, (top, left, bottom, right) in places:
        mask[slice_, int(top + 0.5) : int(bottom + 0.5), int(left + 0.5) : int(right + 0.5)] = True
    return mask


WHOLE, HOLE, ASIDE = (1.5, 2.5, 9.5, 10.5), (3.5, 4.5, 6.5, 7.5), (5.5, 6.5, 10.5, 12.5)


@pytest.mark.parametrize("off", [-0.2, 0.2])
def test_a_contour_a_little_off_its_slice_is_drawn_there(image, tmp_path, off):
    file = draw(tmp_path, *(contour(WHOLE, k + off) for k in (1, 2, 3)))
    np.testing.assert_array_equal(read_scan(image, file).mask, boxes(*((k, WHOLE) for k in (1, 2, 3))))


@pytest.mark.parametrize("heights", [[1.5, 2.5, 3.5], [1, 2.4, 3], [1.3, 2.3], [0.5], [1, 2, 2.5]])
def test_a_contour_between_two_slices_is_refused_with_its_place(image, tmp_path, heights):
    file = draw(tmp_path, *(contour(WHOLE, height) for height in heights))
    number, height = next((n, h) for n, h in enumerate(heights, 1) if h % 1)
    below = 3 * int(height)
    place = f"contour {number} at {3 * height:.1f} mm is between two of them, at {below:.1f} and {below + 3:.1f} mm"
    with pytest.raises(InputError) as caught:
        read_scan(image, file)
    assert place in str(caught.value)
    assert "another series; give that one or resample" in str(caught.value)


def test_contours_of_a_slice_in_any_order_and_number(image, tmp_path):
    file = draw(tmp_path, contour(WHOLE, 3), contour(WHOLE, 1), contour(ASIDE, 3), contour(WHOLE, 3), contour(HOLE, 1))
    expected = boxes((3, WHOLE), (3, ASIDE), (1, WHOLE)) & ~boxes((1, HOLE))
    np.testing.assert_array_equal(read_scan(image, file).mask, expected)


def test_contours_are_exclusive_where_the_file_says_so(image, tmp_path):
    file = draw(tmp_path, *(contour(box, 2, "CLOSEDPLANAR_XOR") for box in (WHOLE, HOLE, ASIDE)))
    odd = boxes((2, WHOLE)) ^ boxes((2, HOLE)) ^ boxes((2, ASIDE))
    np.testing.assert_array_equal(read_scan(image, file).mask, odd)


@pytest.mark.parametrize("count", [1, 2, 0, None])
@pytest.mark.parametrize("height", [2, 2.5])
def test_contours_that_enclose_nothing_are_passed_over(image, tmp_path, count, height):
    file = draw(tmp_path, points(contour(HOLE, height), count), contour(WHOLE, 1))
    np.testing.assert_array_equal(read_scan(image, file).mask, boxes((1, WHOLE)))


@pytest.mark.parametrize(("count", "words"), [(2, "fewer than three points"), (0, "empty outline: no contours")])
def test_an_outline_of_nothing_else_is_a_fault(image, tmp_path, count, words):
    with pytest.raises(InputError, match=words):
        read_scan(image, draw(tmp_path, points(contour(WHOLE, 1), count)))


def test_a_roi_whose_contours_are_in_two_places_of_the_file(image, tmp_path):
    file = draw(tmp_path, contour(WHOLE, 1))
    structure = pydicom.dcmread(file)
    second = Dataset()
    second.ReferencedROINumber, second.ContourSequence = 1, [contour(WHOLE, 2)]
    structure.ROIContourSequence.append(second)
    structure.save_as(file)
    np.testing.assert_array_equal(read_scan(image, file).mask, boxes((1, WHOLE), (2, WHOLE)))
