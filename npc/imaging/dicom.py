"""The geometry of DICOM files, read from their headers."""

import io
import struct
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.uid import UID, RTStructureSetStorage, SegmentationStorage

from npc.errors import InputError
from npc.imaging.formats import dicom_files

# Errors that pydicom raises on a file that is truncated, damaged or not DICOM.
UNREADABLE = (
    InvalidDicomError,
    BytesLengthException,
    OSError,
    EOFError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    NotImplementedError,
    struct.error,
)

# Segmentation objects; pydicom does not know label maps yet (PS3.4, B.5, Label Map Segmentation Storage).
_SEGMENTATIONS = (SegmentationStorage, UID("1.2.840.10008.5.1.4.1.1.66.7"))

# How many numbers each tag of the geometry holds.
GEOMETRY = {"Rows": 1, "Columns": 1, "PixelSpacing": 2, "ImageOrientationPatient": 6, "ImagePositionPatient": 3}
RESCALING = ("RescaleSlope", "RescaleIntercept")
# The sequences of an enhanced file: what all frames share, and what each frame has of its own.
GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_TAGS = [
    "SOPClassUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "NumberOfFrames",
    "SamplesPerPixel",
    "SliceThickness",
]
_TAGS += [*GEOMETRY, *RESCALING, *GROUPS]
_EVIDENCE = ("SOPClassUID", "Rows")  # that a file without a file header is DICOM


@dataclass(frozen=True)
class Header:
    """The tags of one file, or of one frame of it, that ordering and checking need.

    No name, date or number of a patient is read.

    Attributes:
        called: the file's name in messages.
        kind: content of the file, its SOP class.
        series: identifier of its series; for comparison, never for a message.
        frames: number of images in the file.
        samples: values per pixel; 3 for colour images.
        thickness: mm; 0 where the file does not give it.
        frame: identifier of its frame of reference, empty if there is none; for comparison only, as `series`.
        tags: geometry and rescaling, if the file has them.
        has_file_header: whether the data set follows the file header of DICOM part 10 with its transfer syntax.
        index: which frame of an enhanced file this is; None for a file that is one slice.
    """

    file: Path
    called: str
    kind: UID
    series: str
    frames: int
    samples: int
    thickness: float
    frame: str
    tags: pydicom.Dataset
    has_file_header: bool = True
    index: int | None = None

    @property
    def is_rtstruct(self) -> bool:
        """Whether the file is an RT Structure Set."""
        return self.kind == RTStructureSetStorage

    @property
    def is_segmentation(self) -> bool:
        """Whether the file is a segmentation object: outlines as voxels."""
        return self.kind in _SEGMENTATIONS

    @property
    def is_image(self) -> bool:
        """Whether the file has pixel data, or should have by its kind but is truncated before them."""
        return not self.is_segmentation and ("Rows" in self.tags or "Image Storage" in self.kind.name)

    @property
    def is_enhanced(self) -> bool:
        """Whether the file holds frames whose geometry is in functional groups (Enhanced MR, CT or PET)."""
        return "Enhanced" in self.kind.name and GROUPS[1] in self.tags

    def of_frames(self) -> list["Header"]:
        """A header for each frame of an enhanced file.

        Raises:
            InputError: the functional groups are not those of the frames.
        """
        groups = self.tags[GROUPS[1]].value or []
        if len(groups) != self.frames:
            raise InputError(
                f"{self.called} has {self.frames} frames but the geometry of {len(groups)}; export the series again."
            )
        headers = []
        for index in range(self.frames):
            tags = frame_tags(self.tags, index)
            called = f"{self.called}, frame {index + 1}" if self.frames > 1 else self.called
            thickness = float(tags.get("SliceThickness") or 0)
            headers.append(replace(self, called=called, frames=1, thickness=thickness, tags=tags, index=index))
        return headers


def frame_tags(tags: pydicom.Dataset, index: int = 0) -> pydicom.Dataset:
    """The tags of a data set, and of its functional groups for one frame, as those of a file with a single slice."""
    flat = pydicom.Dataset()
    flat.update(tags)
    for groups, at in zip(GROUPS, (0, index), strict=True):
        if sequence := flat.get(groups):
            for macro in sequence[at]:
                # a private group (Philips) repeats tags with other values
                if macro.VR == "SQ" and macro.value and not macro.tag.is_private:
                    flat.update(macro.value[0])
            delattr(flat, groups)
    return flat


def read_data_set(file: Path, **options: Any) -> pydicom.FileDataset:
    """Read a file as pydicom does, also without the file header of DICOM part 10 or with an incomplete one.

    Args:
        file: it may lack preamble, prefix and file meta information, as files of old archives and planning systems do.
        options: of `pydicom.dcmread`.

    Raises:
        InvalidDicomError: nothing in the file is what DICOM images and structure sets have.
    """
    if "specific_tags" in options:
        options["specific_tags"] = [*options["specific_tags"], *_EVIDENCE]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote the values
        with file.open("rb") as stream:
            start = stream.read(132)
        if start.startswith(b"\x00\x08\x00") and not start[4:6].isalpha():
            return _implicit_big_endian(file)
        data_set = pydicom.dcmread(file, force=True, **options)
        if start[128:] != b"DICM" and not any(tag in data_set for tag in _EVIDENCE):
            raise InvalidDicomError
    return data_set


def _implicit_big_endian(file: Path) -> pydicom.FileDataset:
    """A data set that pydicom reads but does not recognise: no transfer syntax of the standard has this encoding."""
    data = read_dataset(io.BytesIO(file.read_bytes()), is_implicit_VR=True, is_little_endian=False)
    found = pydicom.FileDataset(file, data, is_implicit_VR=True, is_little_endian=False)
    found.set_original_encoding(True, False)
    return found


def read_headers(folder: Path) -> list[Header]:
    """Read the headers of a folder's DICOM files.

    Raises:
        InputError: one is truncated or unreadable.
    """
    files = dicom_files(folder)
    # File names often contain the patient's name or a UID, so a message gives the file's number instead.
    return [
        read_header(file, f"{folder}: file {number} of {len(files)} by name") for number, file in enumerate(files, 1)
    ]


def read_header(file: Path, called: str) -> Header:
    """Read one file's header; `called` is its name in messages.

    Raises:
        InputError: the file is truncated or unreadable.
    """
    try:
        if not file.stat().st_size:
            raise InputError(f"{called} is empty (0 bytes); copy or export it again.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote the values
            tags = read_data_set(file, stop_before_pixels=True, specific_tags=_TAGS)
            list(tags)  # decodes every value now, so that errors are raised in this block
            meta = getattr(tags, "file_meta", pydicom.Dataset())
            kind = UID(str(meta.get("MediaStorageSOPClassUID") or tags.get("SOPClassUID") or ""))
            has_file_header = tags.preamble is not None and "TransferSyntaxUID" in meta
            # The name of an unknown class is its UID. Of a file without a header it may be one that is cut off.
            if "Rows" not in tags and (not kind or (not has_file_header and kind.name == kind)):
                raise EOFError
            return Header(
                file,
                called,
                kind=kind,
                series=str(tags.get("SeriesInstanceUID") or ""),
                frames=int(tags.get("NumberOfFrames") or 1),
                samples=int(tags.get("SamplesPerPixel") or 1),
                thickness=float(tags.get("SliceThickness") or 0),
                frame=str(tags.get("FrameOfReferenceUID") or ""),
                tags=tags,
                has_file_header=has_file_header,
            )
    except InvalidDicomError as error:
        raise InputError(f"{called} is not a DICOM file; remove it or export it again.") from error
    except UNREADABLE as error:
        raise InputError(f"{called} is a damaged DICOM file; copy or export it again.") from error
