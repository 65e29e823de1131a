"""DICOM segmentations are laid on the image's grid by the positions of their frames; the others are refused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom import Dataset
from pydicom.pixels import pack_bits
from pydicom.uid import SegmentationStorage, generate_uid

from npc.errors import InputError
from tests.imaging.dicom_files import AXIAL, FRAME_OF_REFERENCE, UID_PREFIX, decimal_string, new_dataset, write_series
from tests.scans import read_scan

SHAPE = (5, 8, 10)
GEOMETRY = {"spacing": (3.0, 1.5, 1.25), "origin": (-20.0, 12.5, 100.0)}
TILT = tuple(sitk.VersorTransform((0.8, 0.3, 0.5), 0.2).GetMatrix())
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"


@pytest.fixture
def outline() -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:4, 1:6, 2:7] = 1
    mask[2, 3, 4] = 0
    return mask


def write_image(folder: Path, **geometry) -> Path:
    values = np.random.default_rng(0).permutation(np.prod(SHAPE)).reshape(SHAPE)
    write_series(folder / "image", values, **GEOMETRY | geometry)
    return folder / "image"


def write_segmentation(
    file: Path,
    masks: dict[str, np.ndarray],
    *,
    kind: str = "BINARY",
    order: Sequence[int] | None = None,
    spacing: tuple[float, float, float] = GEOMETRY["spacing"],
    origin: tuple[float, float, float] = GEOMETRY["origin"],
    direction: tuple[float, ...] = AXIAL,
) -> Path:
    """Masks (slice, row, column) by segment label; frames without a set voxel are left out.

    Args:
        file: to write.
        masks: of label maps only the first, with the segments' numbers.
        kind: `BINARY`, `FRACTIONAL` (values of 0 to 1) or `LABELMAP`.
        order: of the frames; None keeps that of segments and slices.
        spacing: mm, (slice, row, column).
        origin: mm, of the first voxel.
        direction: as in SimpleITK.
    """
    seg = new_dataset(LABEL_MAP if kind == "LABELMAP" else SegmentationStorage, "SEG")
    seg.SeriesInstanceUID, seg.FrameOfReferenceUID, seg.SegmentationType = generate_uid(), FRAME_OF_REFERENCE, kind
    seg.SegmentSequence, shared, planes = [], Dataset(), []
    axes = np.reshape(direction, (3, 3)).T
    measures, orientation = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = (
        [decimal_string(step) for step in spacing[1:]],
        decimal_string(spacing[0]),
    )
    orientation.ImageOrientationPatient = [decimal_string(value) for value in (*axes[0], *axes[1])]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    seg.SharedFunctionalGroupsSequence = [shared]
    for number, (name, mask) in enumerate(masks.items(), 1):
        segment = Dataset()
        segment.SegmentNumber, segment.SegmentLabel = number, name
        seg.SegmentSequence.append(segment)
        planes += [(number, z, plane) for z, plane in enumerate(mask) if plane.any()]
    planes = [planes[place] for place in order or range(len(planes))]
    seg.PerFrameFunctionalGroupsSequence = []
    for number, z, _ in planes:
        groups, place, segment = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [decimal_string(value) for value in origin + z * spacing[0] * axes[2]]
        segment.ReferencedSegmentNumber = number
        groups.PlanePositionSequence = [place]
        if kind != "LABELMAP":
            groups.SegmentIdentificationSequence = [segment]
        seg.PerFrameFunctionalGroupsSequence.append(groups)
    seg.NumberOfFrames, (seg.Rows, seg.Columns) = len(planes), planes[0][2].shape
    seg.SamplesPerPixel, seg.PhotometricInterpretation, seg.PixelRepresentation = 1, "MONOCHROME2", 0
    bits = 1 if kind == "BINARY" else 8
    seg.BitsAllocated, seg.BitsStored, seg.HighBit = bits, bits, bits - 1
    frames = np.stack([plane for _, _, plane in planes])
    if kind == "FRACTIONAL":
        seg.MaximumFractionalValue, frames = 200, np.rint(200 * frames)
    seg.PixelData = pack_bits(frames.astype(np.uint8)) if bits == 1 else frames.astype(np.uint8).tobytes()
    seg["PixelData"].VR = "OB"
    seg.save_as(file)
    return file


def fault(*words: str, **call) -> None:
    with pytest.raises(InputError) as caught:
        read_scan(**call)
    for word in ("DICOM segmentation", *words):
        assert word in str(caught.value), caught.value
    assert UID_PREFIX not in str(caught.value)


@pytest.mark.parametrize("direction", [AXIAL, TILT, (0, 0, 1, 1, 0, 0, 0, 1, 0)], ids=["axial", "tilted", "sagittal"])
def test_a_segment_is_the_mask_it_was_made_of(tmp_path, outline, direction):
    image = write_image(tmp_path, direction=direction)
    by_label_map = sitk.GetImageFromArray(outline)
    by_label_map.SetSpacing(GEOMETRY["spacing"][::-1])
    by_label_map.SetOrigin(GEOMETRY["origin"])
    by_label_map.SetDirection(direction)
    sitk.WriteImage(by_label_map, str(tmp_path / "mask.nrrd"))
    file = write_segmentation(tmp_path / "seg.dcm", {"GTV": outline}, order=(2, 0, 1), direction=direction)
    expected = read_scan(image, tmp_path / "mask.nrrd").mask
    np.testing.assert_array_equal(read_scan(image, file).mask, expected)


def test_frames_of_single_bits_need_not_begin_with_a_byte(tmp_path, outline):
    cut = outline[:, 1:6, 1:8]  # 35 pixels a frame
    origin = np.add(GEOMETRY["origin"], (GEOMETRY["spacing"][2], GEOMETRY["spacing"][1], 0))
    file = write_segmentation(tmp_path / "seg.dcm", {"GTV": cut}, order=(2, 0, 1), origin=tuple(origin))
    np.testing.assert_array_equal(read_scan(write_image(tmp_path), file).mask, outline)


def test_where_the_file_lies(tmp_path, outline):
    image = write_image(tmp_path)
    (tmp_path / "objects").mkdir()
    file = write_segmentation(tmp_path / "objects" / "1.2.840", {"GTV": outline})
    np.testing.assert_array_equal(read_scan(image, file.parent).mask, outline)
    file = file.rename(image / "SEG")  # among the slices
    np.testing.assert_array_equal(read_scan(image, image).mask, outline)


def test_another_slice_order_and_a_smaller_field_of_view(tmp_path, outline):
    """The frames of a viewer that stacks from the head down, cut out around the tumour."""
    spacing, origin = GEOMETRY["spacing"], GEOMETRY["origin"]
    cut = outline[::-1, 1:7, 2:9]
    corner = (origin[0] + 2 * spacing[2], origin[1] + 1 * spacing[1], origin[2] + (SHAPE[0] - 1) * spacing[0])
    down = (1, 0, 0, 0, 1, 0, 0, 0, -1)
    file = write_segmentation(tmp_path / "seg.dcm", {"GTV": cut}, origin=corner, direction=down)
    np.testing.assert_array_equal(read_scan(write_image(tmp_path), file).mask, outline)


def test_one_segment_of_several(tmp_path, outline):
    image = write_image(tmp_path)
    node = np.roll(outline, 2, axis=2)
    file = write_segmentation(tmp_path / "seg.dcm", {"GTVp": outline, "GTVn": node})
    np.testing.assert_array_equal(read_scan(image, file, label=2).mask, node)
    np.testing.assert_array_equal(read_scan(image, file, roi="GTVp").mask, outline)
    np.testing.assert_array_equal(read_scan(image, file, label=(1, 2, 3)).mask, outline | node)
    np.testing.assert_array_equal(read_scan(image, file, roi="*n").mask, node)
    fault("several segments 'GTV*'", image_path=image, mask_path=file, roi="GTV*")
    fault("no segment 3 or 4", image_path=image, mask_path=file, label=(3, 4))
    fault("several segments", "cohort.label", "1 ('GTVp'), 2 ('GTVn')", image_path=image, mask_path=file)
    fault("no segment 3", "2 ('GTVn')", image_path=image, mask_path=file, label=3)
    fault("no segment 'GTV'", "2 ('GTVn')", image_path=image, mask_path=file, roi="GTV")


def test_a_label_map_and_a_fractional_segmentation(tmp_path, outline):
    image = write_image(tmp_path)
    labels = outline + (np.roll(outline, 4, axis=2) & ~outline) * 2
    file = write_segmentation(tmp_path / "map.dcm", {"GTVp": labels, "GTVn": labels * 0}, kind="LABELMAP")
    np.testing.assert_array_equal(read_scan(image, file, label=2).mask, labels == 2)
    np.testing.assert_array_equal(read_scan(image, file, label=(1, 2)).mask, labels > 0)
    whole = write_segmentation(tmp_path / "whole.dcm", {"GTV": outline}, kind="FRACTIONAL")
    np.testing.assert_array_equal(read_scan(image, whole).mask, outline)
    parts = write_segmentation(tmp_path / "parts.dcm", {"GTV": outline * 0.25}, kind="FRACTIONAL")
    with pytest.raises(InputError, match=r"parts\.dcm has fractions between its labels .* 0\.25 to 0\.25"):
        read_scan(image, parts)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spacing": (2.0, 1.5, 1.25)}, ("another grid", "resample")),
        ({"spacing": (3.0, 1.6, 1.25)}, ("another grid", "resample")),
        ({"origin": (-20.0, 12.5, 101.5)}, ("another grid", "0.5 voxels")),
        ({"direction": TILT}, ("another grid",)),
        ({"origin": (-20.0, 12.5, 130.0)}, ("outside the image", "same patient")),
    ],
)
def test_on_another_grid(tmp_path, outline, change, words):
    file = write_segmentation(tmp_path / "seg.dcm", {"GTV": outline}, **change)
    fault(*words, image_path=write_image(tmp_path), mask_path=file)


def test_files_that_cannot_be_used(tmp_path, outline):
    image = write_image(tmp_path)
    file = write_segmentation(tmp_path / "seg.dcm", {"GTV": outline})
    call = {"image_path": image, "mask_path": file}
    dataset, content = pydicom.dcmread(file), file.read_bytes()
    file.write_bytes(content[:-20])
    fault("can't be read", "NIfTI", **call)
    dataset.FrameOfReferenceUID = generate_uid(UID_PREFIX)
    dataset.save_as(file)
    fault("another frame of reference", "series that it was drawn on", **call)
    dataset.FrameOfReferenceUID = FRAME_OF_REFERENCE
    del dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence
    dataset.save_as(file)
    fault("positions", "NIfTI", **call)
    (tmp_path / "two").mkdir()
    for name in ("1.dcm", "2.dcm"):
        (tmp_path / "two" / name).write_bytes(content)
    with pytest.raises(InputError, match="two holds 2 DICOM segmentations"):
        read_scan(image, tmp_path / "two")
