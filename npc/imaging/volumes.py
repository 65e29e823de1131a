"""A volume in one file: NIfTI, NRRD or MetaImage."""

import bz2
import math
import re
import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.grid import ROUNDING, shear, straightened
from npc.imaging.nifti import Nifti
from npc.imaging.notes import add_note
from npc.imaging.quiet import quiet_stderr

_READERS = {
    ".nii": "NiftiImageIO",
    ".nii.gz": "NiftiImageIO",
    ".nrrd": "NrrdImageIO",
    ".mha": "MetaImageIO",
}

# Errors that SimpleITK, gzip and an impossible header raise on a truncated or damaged file.
_UNREADABLE = (RuntimeError, OSError, EOFError, OverflowError, ValueError, zlib.error, struct.error)

# A header that refers to another file, which could be anywhere and change unnoticed.
_ELSEWHERE = re.compile(rb"^(ElementDataFile[ \t]*=[ \t]*(?!LOCAL\b)|data ?file[ \t]*:)", re.MULTILINE | re.IGNORECASE)

# The header of an NRRD up to its first empty line; its voxels are compressed by bzip2.
_BZIP2 = re.compile(
    rb"(?P<before>NRRD(?:.*\n)+?encoding: *)bz(?:ip)?2(?P<after>[ \t]*\r?\n(?:.+\n)*?\r?\n)", re.IGNORECASE
)


def read_volume(path: Path) -> sitk.Image:
    """Read one scalar volume; axes of length one after the third are dropped.

    Raises:
        InputError: the file is truncated or unreadable, is not three-dimensional, holds several volumes,
            or holds colours.
    """
    reader = sitk.ImageFileReader()
    # Set explicitly: SimpleITK's guess depends on the name too and fails with capitals (SCAN.MHA).
    reader.SetImageIO(next(io for end, io in _READERS.items() if path.name.lower().endswith(end)))
    _refuse_detached(path)
    try:
        nifti = Nifti(path) if reader.GetImageIO() == "NiftiImageIO" else None
        with TemporaryDirectory() as folder, quiet_stderr():
            copy = nifti.as_itk_reads(Path(folder)) if nifti else _without_bzip2(path, Path(folder))
            reader.SetFileName(str(copy))
            reader.ReadImageInformation()
            size = reader.GetSize()
            if reader.GetNumberOfComponents() == 1 and len(size) >= 3 and set(size[3:]) <= {1}:
                reader.SetExtractSize([*size[:3], *(0 for _ in size[3:])])
                return _complete(_checked(reader.Execute(), path), nifti)
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
    axes, size = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing(), image.GetSize()
    if (sheared := shear(axes, size)) > ROUNDING:
        raise InputError(f"{path} has a sheared grid (by {sheared:.1f} voxels); resample it to a rectangular one.")
    given = np.column_stack([axes, image.GetOrigin()])
    straight = straightened(given, size)
    if straight is not given:
        image.SetSpacing(np.linalg.norm(straight[:, :3], axis=0))
        image.SetDirection((straight[:, :3] / image.GetSpacing()).ravel())
        image.SetOrigin(straight[:, 3])
    return image


def _complete(image: sitk.Image, nifti: Nifti | None) -> sitk.Image:
    """With what ITK drops of a NIfTI file: voxels that are not finite, and what was noticed in its header."""
    if nifti is None:
        return image
    if (nonfinite := nifti.nonfinite_voxels()).size:
        image = _with_nan(image, nonfinite)
    for sentence in nifti.notes:
        add_note(image, sentence)
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


def _without_bzip2(path: Path, folder: Path) -> Path:
    """The file itself, or the copy of an NRRD whose bzip2 ITK cannot decompress.

    Raises:
        OSError, ValueError: its compressed data are damaged or incomplete.
    """
    with path.open("rb") as file:
        if not (header := _BZIP2.match(file.read(65536))):
            return path
        file.seek(header.end())
        voxels = bz2.decompress(file.read())
    copy = folder / "volume.nrrd"
    copy.write_bytes(header["before"] + b"raw" + header["after"] + voxels)
    return copy


def _with_nan(image: sitk.Image, places: np.ndarray) -> sitk.Image:
    voxels = sitk.GetArrayFromImage(image)
    voxels.flat[places] = np.nan
    restored = sitk.GetImageFromArray(voxels)
    restored.CopyInformation(image)
    return restored
