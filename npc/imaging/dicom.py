"""DICOM files in a folder: finding them, and reading the geometry from their headers."""

import re
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, RTStructureSetStorage, SegmentationStorage

from npc.errors import InputError

DICOM_SUFFIXES = (".dcm", ".dicom", ".dc3", ".ima", ".mr", ".mrdc")

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
_TAGS = ["SeriesInstanceUID", "FrameOfReferenceUID", "NumberOfFrames", "SamplesPerPixel", "SliceThickness"]
_TAGS += [*GEOMETRY, *RESCALING]


@dataclass(frozen=True)
class Header:
    """The tags of one file that ordering and checking need; no name, date or number of a patient is read.

    Attributes:
        called: the file's name in messages.
        kind: content of the file, its SOP class.
        series: identifier of its series; for comparison, never for a message.
        frames: number of images in the file.
        samples: values per pixel; 3 for colour images.
        thickness: mm; 0 where the file does not give it.
        frame: identifier of its frame of reference, empty if there is none; for comparison only, as `series`.
        tags: geometry and rescaling, if the file has them.
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


def dicom_files(folder: Path) -> list[Path]:
    """The files of a folder that may be DICOM by their names, sorted; none is opened.

    Hidden files are ignored, and files with the suffix of another format (`notes.txt`, `Thumbs.db`). DICOM
    files may have no suffix (`IM0001`, `DICOMDIR`, a UID).
    """
    files = (file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    return sorted(
        file
        for file in files
        if file.suffix.lower() in DICOM_SUFFIXES or not re.fullmatch(r"\.[a-z]+", file.suffix.lower())
    )


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
            tags = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_TAGS)
            list(tags)  # decodes every value now, so that errors are raised in this block
            return Header(
                file,
                called,
                kind=UID(str(tags.file_meta.MediaStorageSOPClassUID)),
                series=str(tags.get("SeriesInstanceUID") or ""),
                frames=int(tags.get("NumberOfFrames") or 1),
                samples=int(tags.get("SamplesPerPixel") or 1),
                thickness=float(tags.get("SliceThickness") or 0),
                frame=str(tags.get("FrameOfReferenceUID") or ""),
                tags=tags,
            )
    except InvalidDicomError as error:
        raise InputError(f"{called} is not a DICOM file; remove it or export it again.") from error
    except UNREADABLE as error:
        raise InputError(f"{called} is a damaged DICOM file; copy or export it again.") from error
