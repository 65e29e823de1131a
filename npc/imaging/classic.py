"""DICOM slices as files that GDCM reads: with a file header, one frame each, and the geometry at the top level."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from npc.errors import InputError
from npc.imaging.dicom import GEOMETRY, RESCALING, UNREADABLE, Header, read_data_set

# What decoding the pixels needs; nothing else of a file is copied, above all nothing about the patient.
_PIXELS = (
    "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
)  # fmt: skip


def classic_files(headers: Sequence[Header], folder: Path) -> list[Path]:
    """The file of each slice, or its copy where GDCM could not read the file itself.

    Args:
        headers: of the slices, in the order of the result.
        folder: for the copies.

    Raises:
        InputError: a file that is to be copied has no pixel data, is truncated, or does not say how its pixels are
            compressed.
    """
    copies: dict[tuple[Path, int | None], Path] = {}
    to_copy = [header for header in headers if header.index is not None or not header.has_file_header]
    for file in dict.fromkeys(header.file for header in to_copy):
        slices = [header for header in to_copy if header.file == file]
        called = slices[0].called
        try:
            data_set = read_data_set(file)
            for header in slices:
                called = header.called
                copy = folder / f"{len(copies)}.dcm"
                _write(copy, header, data_set)
                copies[file, header.index] = copy
        except UNREADABLE as error:
            raise InputError(f"{called} has truncated pixel data; copy or export it again.") from error
    return [copies.get((header.file, header.index), header.file) for header in headers]


def _write(copy: Path, header: Header, data_set: pydicom.FileDataset) -> None:
    if "PixelData" not in data_set:
        raise InputError(f"{header.called} has no pixel data; copy or export it again.")
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = _transfer_syntax(header, data_set)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
    made = pydicom.FileDataset(copy, {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    for tag in (*GEOMETRY, *RESCALING):
        if tag in header.tags:
            made[tag] = header.tags[tag]
    for tag in _PIXELS:
        if tag in data_set:
            made[tag] = data_set[tag]
    made.PixelData = _pixels(data_set, header.index or 0)
    made["PixelData"].VR = "OB" if meta.TransferSyntaxUID.is_encapsulated else "OW"
    made["PixelData"].is_undefined_length = meta.TransferSyntaxUID.is_encapsulated
    made.save_as(copy, enforce_file_format=True)


def _transfer_syntax(header: Header, data_set: pydicom.FileDataset) -> UID:
    """That of the copy: the file's own where its pixels are compressed."""
    if not data_set["PixelData"].is_undefined_length:
        return ExplicitVRLittleEndian
    if syntax := data_set.file_meta.get("TransferSyntaxUID"):
        return syntax
    raise InputError(
        f"{header.called} has compressed pixels but no DICOM file header, which names the kind of compression; "
        "export the series again, uncompressed or as DICOM files (part 10)."
    )


def _pixels(data_set: pydicom.FileDataset, index: int) -> bytes:
    """The pixels of one frame, as they are stored or in the order of bytes of the copy.

    Raises:
        ValueError: they are not all there.
    """
    if data_set["PixelData"].is_undefined_length:
        frames = int(data_set.get("NumberOfFrames") or 1)
        return encapsulate([get_frame(data_set.PixelData, index, number_of_frames=frames)])
    size = data_set.Rows * data_set.Columns * data_set.BitsAllocated // 8
    pixels = data_set.PixelData[index * size : (index + 1) * size]
    if len(pixels) < size:
        raise ValueError
    _, is_little_endian = data_set.original_encoding
    if not is_little_endian and data_set.BitsAllocated == 16:
        pixels = np.frombuffer(pixels, ">u2").astype("<u2").tobytes()
    return pixels + bytes(size % 2)
