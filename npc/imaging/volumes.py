"""A volume in one file: NIfTI, NRRD or MetaImage."""

import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.nifti import nonfinite_voxels
from npc.imaging.quiet import quiet_stderr

_READERS = {
    ".nii": "NiftiImageIO",
    ".nii.gz": "NiftiImageIO",
    ".nrrd": "NrrdImageIO",
    ".mha": "MetaImageIO",
}
SUFFIXES = tuple(_READERS)

# Errors that SimpleITK, gzip and an impossible header raise on a truncated or damaged file.
_UNREADABLE = (RuntimeError, OSError, EOFError, OverflowError, ValueError, zlib.error, struct.error)

# A header that refers to another file, which could be anywhere and change unnoticed.
_ELSEWHERE = re.compile(rb"^(ElementDataFile[ \t]*=[ \t]*(?!LOCAL\b)|data ?file[ \t]*:)", re.MULTILINE | re.IGNORECASE)


def is_volume(path: Path) -> bool:
    """Whether the name has the suffix of a supported format."""
    return path.name.lower().endswith(SUFFIXES)


def read_volume(path: Path) -> sitk.Image:
    """Read one scalar volume; a fourth axis of length one is dropped.

    Raises:
        InputError: the file is truncated or unreadable, is not three-dimensional, holds several volumes,
            or holds colours.
    """
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    # Set explicitly: SimpleITK's guess depends on the name too and fails with capitals (SCAN.MHA).
    reader.SetImageIO(next(io for end, io in _READERS.items() if path.name.lower().endswith(end)))
    _refuse_detached(path)
    try:
        nifti = reader.GetImageIO() == "NiftiImageIO"
        nonfinite = nonfinite_voxels(path) if nifti else np.array([])
        with quiet_stderr():
            reader.ReadImageInformation()
            size = reader.GetSize()
            if reader.GetNumberOfComponents() == 1 and len(size) >= 3 and set(size[3:]) <= {1}:
                reader.SetExtractSize([*size[:3], *(0 for _ in size[3:])])
                image = _checked(reader.Execute(), path)
                return _with_nan(image, nonfinite) if nonfinite.size else image
    except _UNREADABLE as error:
        if "orthonormal" in str(error):
            raise InputError(f"{path} has a sheared grid; resample it to a rectangular one.") from error
        raise InputError(
            f"{path} is truncated or unreadable; copy it again or export it again from its source."
        ) from error
    if reader.GetNumberOfComponents() > 1:
        raise InputError(
            f"{path} holds {reader.GetNumberOfComponents()} values per voxel (colours or several volumes); "
            "give one grey-scale volume."
        )
    if len(size) < 3:
        raise InputError(f"{path} is a single {size[0]} x {size[1]} image; give a volume of slices.")
    raise InputError(f"{path} holds {math.prod(size[3:])} volumes; give a file with one of them.")


def _checked(image: sitk.Image, path: Path) -> sitk.Image:
    if not np.isfinite([*image.GetSpacing(), *image.GetOrigin(), *image.GetDirection()]).all():
        raise InputError(f"{path} has a grid that is not finite (NaN or infinite) in its header; export it again.")
    return image


def _refuse_detached(path: Path) -> None:
    """Refuses headers of NRRD and MetaImage, text at the beginning of a file, that refer to another file for voxels."""
    if path.name.lower().endswith((".nrrd", ".mha")):
        with path.open("rb") as file:
            start = file.read(65536)
        if not start:
            raise InputError(f"{path} is empty (0 bytes); copy it again.")
        if path.name.lower().endswith(".nrrd") and not start.startswith(b"NRRD"):
            raise InputError(f"{path} is not an NRRD file, despite its name; copy or export it again.")
        header = re.split(rb"\r?\n\r?\n|ElementDataFile[ \t]*=[ \t]*LOCAL", start, maxsplit=1)[0]
        if _ELSEWHERE.search(header):
            raise InputError(f"{path} keeps its voxels in another file; save image and header as one file.")


def _with_nan(image: sitk.Image, places: np.ndarray) -> sitk.Image:
    voxels = sitk.GetArrayFromImage(image)
    voxels.flat[places] = np.nan
    restored = sitk.GetImageFromArray(voxels)
    restored.CopyInformation(image)
    return restored
