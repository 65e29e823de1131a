"""The files that an image or an outline consists of, by their names; none is opened, and no reader is imported."""

import re
from pathlib import Path

from npc.errors import InputError

VOLUMES = (".nii", ".nii.gz", ".nrrd", ".mha")
DICOM_SUFFIXES = (".dcm", ".dicom", ".dc3", ".ima", ".mr", ".mrdc")
# Formats whose voxels lie beside their header, where they could change unseen.
_HALVES = (".hdr", ".img", ".mhd", ".nhdr", ".raw")


def is_volume(path: Path) -> bool:
    """Whether the name has the suffix of a format that holds a whole volume."""
    return path.name.lower().endswith(VOLUMES)


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


def image_files(path: Path) -> list[Path]:
    """The files that an image or outline consists of, sorted by name; none is opened.

    Raises:
        InputError: there is no such file, its format is unknown, or the folder holds no DICOM files.
    """
    try:
        if not path.exists():
            raise InputError(f"{path} does not exist; correct the path or put the file there.")
        files = dicom_files(path) if path.is_dir() else [path]
    except OSError as error:
        raise InputError(f"{path} can't be opened ({error.strerror}); check its permissions.") from error
    if not files:
        raise InputError(f"{path} holds no DICOM files; give the folder that the slices lie in.")
    if path.is_dir() or is_volume(path) or path.suffix.lower() in DICOM_SUFFIXES:
        return files
    if path.suffix.lower() in _HALVES:
        raise InputError(f"{path} is one of two files, header and voxels; save them as one ({', '.join(VOLUMES)}).")
    raise InputError(
        f"{path} is of an unknown format; give {', '.join(VOLUMES)}, a folder with a DICOM series, "
        "or for an outline an RTSTRUCT or a DICOM segmentation (.dcm)."
    )
