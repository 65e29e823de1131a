"""A volume in one file: NIfTI, NRRD or MetaImage."""

import math
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
    ".nhdr": "NrrdImageIO",
    ".mha": "MetaImageIO",
    ".mhd": "MetaImageIO",
}
SUFFIXES = tuple(_READERS)

# What SimpleITK, gzip and a header out of range raise on a file that is cut off or damaged.
_UNREADABLE = (RuntimeError, OSError, EOFError, OverflowError, ValueError, zlib.error, struct.error)

_DETACHED = (".nhdr", ".mhd")  # text headers whose voxels lie in a second file
_VOXEL_FILES = (".raw", ".raw.gz", ".zraw", ".gz", ".bz2", ".bin", ".dat", ".img")


def is_volume(path: Path) -> bool:
    """Whether the name is that of a format read here."""
    return path.name.lower().endswith(SUFFIXES)


def volume_files(path: Path) -> list[Path]:
    """The file, and beside a detached header the voxel file of the same name; nothing is opened."""
    if path.suffix.lower() not in _DETACHED:
        return [path]
    voxels = {path.stem + suffix for suffix in _VOXEL_FILES}
    return [path, *sorted(file for file in path.parent.iterdir() if file.name in voxels)]


def read_volume(path: Path) -> sitk.Image:
    """Read one scalar volume; a fourth axis of length one is dropped.

    Raises:
        InputError: the file is truncated or unreadable, is not three-dimensional, holds several volumes,
            or holds colours.
    """
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    # Named, for otherwise the guess goes by the name as well and misses capitals (SCAN.MHA).
    reader.SetImageIO(next(io for end, io in _READERS.items() if path.name.lower().endswith(end)))
    try:
        nifti = reader.GetImageIO() == "NiftiImageIO"
        nonfinite = nonfinite_voxels(path) if nifti else np.array([])
        with quiet_stderr():
            reader.ReadImageInformation()
            size = reader.GetSize()
            if reader.GetNumberOfComponents() == 1 and len(size) >= 3 and set(size[3:]) <= {1}:
                reader.SetExtractSize([*size[:3], *(0 for _ in size[3:])])
                image = reader.Execute()
                return _with_nan(image, nonfinite) if nonfinite.size else image
    except _UNREADABLE as error:
        if "orthonormal" in str(error):
            raise InputError(f"{path} has a sheared grid; resample it to a rectangular one.") from error
        raise InputError(
            f"{path} is truncated or unreadable; copy it again or export it again from its source."
        ) from error
    if reader.GetNumberOfComponents() > 1:
        raise InputError(
            f"{path} holds {reader.GetNumberOfComponents()} values a voxel (colours or several volumes); "
            "give one grey-scale volume."
        )
    if len(size) < 3:
        raise InputError(f"{path} is a single {size[0]} x {size[1]} picture; give a volume of slices.")
    raise InputError(f"{path} holds {math.prod(size[3:])} volumes; give a file with one of them.")


def _with_nan(image: sitk.Image, places: np.ndarray) -> sitk.Image:
    voxels = sitk.GetArrayFromImage(image)
    voxels.flat[places] = np.nan
    restored = sitk.GetImageFromArray(voxels)
    restored.CopyInformation(image)
    return restored
