"""A DICOM series: one file per slice, or one enhanced file, read as one volume."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.classic import classic_files
from npc.imaging.dicom import UNREADABLE, Header, read_data_set
from npc.imaging.geometry import slice_geometry
from npc.imaging.notes import add_note
from npc.imaging.quiet import quiet_stderr

# Deviations of slices from an even grid above this fraction of their distance are not rounding in the header.
_UNEVEN = 0.1

# The tag with the identifier of an image's frame of reference, for comparison with an outline's.
FRAME_OF_REFERENCE = "0020|0052"

_PLANE = {"size": slice(0, 2), "pixel spacing": slice(2, 4), "orientation": slice(4, 10)}
_TRUNCATED = "truncated pixel data"


def read_series(path: Path, headers: list[Header]) -> sitk.Image:
    """Read the one series of a folder or of an enhanced file, rescaled to its real values, as float32.

    Files without pixel data (DICOMDIR, RTSTRUCT) are ignored. Slices that have a SeriesInstanceUID of their own each,
    as some tools for pseudonyms give them, are one series if they make one regular volume.

    Raises:
        InputError: no image, more than one series, slices that do not make one regular volume, or pixel
            data that can't be read.
    """
    headers = [header for header in headers if header.is_image]
    if not headers:
        raise InputError(f"{path} holds DICOM files but no image; give the folder with the slices.")
    series = len({header.series for header in headers} - {""})
    is_each_its_own = 2 < series == len(headers)
    if series > 1 and not is_each_its_own:
        raise InputError(f"{path} holds {series} DICOM series; move each to a folder of its own.")
    slices = [each for header in headers for each in (header.of_frames() if header.is_enhanced else [header])]
    for header in slices:
        if header.frames > 1:
            raise InputError(f"{header.called} is a multi-frame DICOM file; convert it to NIfTI (dcm2niix).")
        if header.samples > 1:
            raise InputError(f"{header.called} is a colour image; give a grey-scale series.")
    if not is_each_its_own:
        return _read_pixels(_ordered(path, slices))
    try:
        slices = _ordered(path, slices)
    except InputError as error:
        raise InputError(
            f"{path}: each of its {series} files has a SeriesInstanceUID of its own, and they do not make one volume: "
            f"{error}"
        ) from error
    image = _read_pixels(slices)
    add_note(
        image, f"{path}: each of its {series} files has a SeriesInstanceUID of its own; they are read as one series."
    )
    return image


def _ordered(folder: Path, headers: list[Header]) -> list[Header]:
    """The slices in order along their normal, checked to make one regular volume."""
    geometry = [slice_geometry(header) for header in headers]
    planes = np.array([plane for plane, _ in geometry])
    positions = np.array([position for _, position in geometry])
    different = ~np.isclose(planes, np.median(planes, axis=0), rtol=0, atol=1e-3)
    if different.any():
        file = int(different.any(axis=1).argmax())
        what = next(name for name, part in _PLANE.items() if different[file, part].any())
        raise InputError(
            f"{headers[file].called} has another {what} than most slices; "
            "keep one stack of slices in the folder (no scout images)."
        )

    normal = np.cross(planes[0, 4:7], planes[0, 7:10])
    order = np.argsort(positions @ normal, kind="stable")
    heights, positions = (positions @ normal)[order], positions[order]
    gaps = np.diff(heights)
    if (gaps < 1e-3).any():
        height = heights[int(gaps.argmin())]
        raise InputError(
            f"{folder} has two slices at the same position ({height:.1f} mm along the slice axis); "
            "keep one echo, time point or copy in the folder."
        )
    usual = np.sort(gaps)[(len(gaps) - 1) // 2] if len(gaps) else 0.0
    if (gaps > 1.5 * usual).any():
        place = int((gaps > 1.5 * usual).argmax())
        raise InputError(
            f"{folder} lacks a slice between {heights[place]:.1f} and {heights[place + 1]:.1f} mm along the "
            f"slice axis (the others are {usual:.2f} mm apart); export the whole series again."
        )
    even = np.linspace(positions[0], positions[-1], len(positions))
    if np.abs(positions - even).max() > _UNEVEN * usual:
        raise InputError(f"{folder} has unevenly spaced slices; resample the series to even ones.")
    sideways = positions[-1] - positions[0] - (heights[-1] - heights[0]) * normal
    if np.abs(sideways).max() > planes[0, 2:4].min() / 2:
        raise InputError(f"{folder} is sheared (tilted gantry); resample the series to a rectangular grid.")
    return [headers[index] for index in order]


def _read_pixels(headers: list[Header]) -> sitk.Image:
    """Read ordered slices, as float32, since rescaling may differ from slice to slice."""
    with TemporaryDirectory() as folder:
        files = classic_files(headers, Path(folder))
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([str(file) for file in files])
        reader.SetOutputPixelType(sitk.sitkFloat32)
        try:
            with quiet_stderr():
                image = reader.Execute()
        except RuntimeError as error:
            bad = next((at for at, file in enumerate(files) if not _readable(file)), 0)
            raise InputError(
                f"{headers[bad].called} has {_pixel_fault(files[bad])}; copy or export it again."
            ) from error
    if len(headers) == 1:  # a single slice has no distance to the next
        if headers[0].thickness <= 0:
            raise InputError(f"{headers[0].called} is a single slice without its thickness; give a whole series.")
        image.SetSpacing((*image.GetSpacing()[:2], headers[0].thickness))
    if headers[0].frame:
        image.SetMetaData(FRAME_OF_REFERENCE, headers[0].frame)
    return image


def _pixel_fault(file: Path) -> str:
    """Why the reader fails on a file with a valid header."""
    try:
        dataset = read_data_set(file, specific_tags=["PixelData"])
        if "PixelData" not in dataset:
            return "no pixel data"
        syntax = dataset.file_meta.TransferSyntaxUID
        return f"pixel data that can't be decompressed ({syntax.name})" if syntax.is_compressed else _TRUNCATED
    except UNREADABLE:
        return _TRUNCATED


def _readable(file: Path) -> bool:
    try:
        with quiet_stderr():
            sitk.ReadImage(str(file))
    except RuntimeError:
        return False
    return True
