"""Outlines as a DICOM segmentation object (SEG): its frames are laid on the image's grid by their positions."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom import Dataset
from pydicom.pixels import iter_pixels, pixel_array

from npc.errors import InputError
from npc.imaging.dicom import UNREADABLE
from npc.imaging.roi import named
from npc.imaging.series import FRAME_OF_REFERENCE

# How far, in voxels, the corners of a frame may lie from the image's voxels: rounding in the headers.
_OFF_GRID = 0.25


def read_segmentation(
    file: Path,
    called: str,
    label: int | tuple[int, ...] | None,
    roi: str | None,
    image: sitk.Image,
    may_lack: bool = False,
) -> sitk.Image:
    """One segment, or several as one, of a DICOM segmentation on the grid of an image of any format.

    Args:
        file: the segmentation (DICOM PS3.3, A.51); its frames may be fewer than the image's slices, in any order.
        called: its name in messages, since exported file names may contain identifiers.
        label: the segment's number, or several; not needed where the file has one segment.
        roi: the segment's label or a pattern of it (`named`), which decides where both are given.
        image: the grid.
        may_lack: whether a patient may have no such segment; the mask is then empty.

    Returns:
        A mask with the image's geometry: 0 and 1, or parts of 1 where the segmentation is fractional.

    Raises:
        InputError: unreadable file, no such segment, or frames on another grid, outside the image or in another frame
            of reference.
    """
    voxels = np.zeros(image.GetSize()[::-1], np.float32)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote the values
            read = pydicom.dcmread(file)
            frame = image.GetMetaData(FRAME_OF_REFERENCE) if image.HasMetaDataKey(FRAME_OF_REFERENCE) else ""
            if frame and (read.get("FrameOfReferenceUID") or frame) != frame:
                raise InputError(
                    f"{called} is a DICOM segmentation in another frame of reference than the image's; "
                    "give the series that it was drawn on, or register the two."
                )
            names = {int(item.SegmentNumber): str(item.SegmentLabel) for item in read.get("SegmentSequence") or []}
            by_value = read.SegmentationType == "LABELMAP"  # the voxels are the segments' numbers
            every = range(int(read.NumberOfFrames))
            numbers = [0 if by_value else _segment(read, number) for number in every]
            there = sorted(set(names) - {0} if by_value else set(numbers))
            segments = _choose(called, label, roi, names, there, may_lack)
            full = float(read.MaximumFractionalValue) if read.SegmentationType == "FRACTIONAL" else 1
            chosen = [number for number in every if by_value or numbers[number] in segments]
            for number, pixels in zip(chosen, _frames(read, chosen), strict=True):
                _lay(
                    np.isin(pixels, segments) if by_value else pixels / full,
                    _place(read, number),
                    voxels,
                    image,
                    called,
                )
    except (*UNREADABLE, RuntimeError) as error:
        raise InputError(
            f"{called} is a DICOM segmentation that can't be read (it is truncated, damaged, lacks the positions of "
            "its frames, or can't be decompressed); export it again, or save it as NIfTI on the image's grid."
        ) from error
    mask = sitk.GetImageFromArray(voxels)
    mask.CopyInformation(image)
    return mask


def _frames(read: Dataset, chosen: Sequence[int]) -> Iterator[np.ndarray]:
    """Their pixels. Where frames of single bits do not begin with a byte, pydicom reads only the whole file."""
    if read.BitsAllocated == 1 and read.Rows * read.Columns % 8:
        whole = pixel_array(read).reshape(-1, read.Rows, read.Columns)
        return (whole[number] for number in chosen)
    return iter_pixels(read, indices=chosen) if chosen else iter(())


def _choose(
    called: str,
    label: int | tuple[int, ...] | None,
    roi: str | None,
    names: Mapping[int, str],
    there: Sequence[int],
    may_lack: bool,
) -> list[int]:
    """The number of the segment that is asked for; several where several numbers are, none where it may be absent."""
    if roi is not None:
        matching = named(roi, [names.get(number, "") for number in there])
        asked, found = repr(roi), [number for number in there if names.get(number) in matching]
    else:
        labels = list(label) if isinstance(label, tuple) else [label]
        asked, found = " or ".join(map(str, labels)), [number for number in there if label is None or number in labels]
    if len(found) == 1 or (found and roi is None and isinstance(label, tuple)) or (may_lack and not found):
        return found
    listed = ", ".join(f"{number} ({names[number]!r})" if number in names else str(number) for number in there)
    what = f"several segments{'' if roi is None else f' {asked}'}" if found else f"no segment {asked}"
    raise InputError(
        f"{called} is a DICOM segmentation with {what}; choose one by its number with cohort.label, or by its label "
        f"with cohort.roi. Those there: {listed or 'none'}."
    )


def _segment(read: Dataset, number: int) -> int:
    """The number of a frame's segment."""
    try:
        return int(_group(read, number, "SegmentIdentificationSequence").ReferencedSegmentNumber)
    except AttributeError:
        return 1


def _place(read: Dataset, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a frame lies: its first pixel (x, y, z) and the steps (xyz, 2) from column to column and row to row, mm."""
    position = _group(read, number, "PlanePositionSequence").ImagePositionPatient
    axes = np.reshape(_group(read, number, "PlaneOrientationSequence").ImageOrientationPatient, (2, 3)).astype(float)
    spacing = np.array(_group(read, number, "PixelMeasuresSequence").PixelSpacing, float)  # of rows, of columns
    return np.array(position, float), axes.T * spacing[::-1]


def _group(read: Dataset, number: int, name: str) -> Dataset:
    """The functional group of a frame; where it is not the frame's own it is shared by all (PS3.3, C.7.6.16)."""
    own = read.PerFrameFunctionalGroupsSequence[number]
    return getattr(own if own.get(name) else read.SharedFunctionalGroupsSequence[0], name)[0]


def _lay(
    pixels: np.ndarray, place: tuple[np.ndarray, np.ndarray], voxels: np.ndarray, image: sitk.Image, called: str
) -> None:
    """Write a frame into the voxels (slice, row, column) of the image's grid."""
    to_index = np.linalg.inv(np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing())
    first, steps = to_index @ (place[0] - image.GetOrigin()), to_index @ place[1]
    whole_first, whole_steps = np.rint(first), np.rint(steps)
    last = np.subtract(pixels.shape[::-1], 1)
    corners = np.array(list(product(*((0, end) for end in last)))).T
    off = np.abs((first - whole_first)[:, None] + (steps - whole_steps) @ corners).max()
    one_to_one = (np.abs(whole_steps).sum(axis=0) == 1).all() and (np.abs(whole_steps).sum(axis=1) <= 1).all()
    if off > _OFF_GRID or not one_to_one:
        raise InputError(
            f"{called} is a DICOM segmentation on another grid than the image (its pixels lie up to {off:.1f} voxels "
            "beside the image's); give the series that it was drawn on, or resample it on the image's grid."
        )
    row, column = np.nonzero(pixels)
    index = (whole_first[:, None] + whole_steps @ np.stack([column, row])).astype(int)
    if (index < 0).any() or (index >= np.reshape(image.GetSize(), (3, 1))).any():
        raise InputError(
            f"{called} is a DICOM segmentation that lies outside the image; "
            "check that outline and image are of the same patient and series."
        )
    at = tuple(index[::-1])
    voxels[at] = np.maximum(voxels[at], pixels[row, column])
