"""Outlines drawn as contours (RTSTRUCT), filled on the image's grid by geometry."""

import io
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.dicom import UNREADABLE

# The package prints a citation as it is imported. Only its filling of polygons is used: its reader calls
# pydicom.read_file, which pydicom 3 no longer has.
with redirect_stdout(io.StringIO()):
    from dcmrtstruct2nii.adapters.convert.rtstructcontour2mask import DcmPatientCoords2Mask

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "INTERPOLATED_PLANAR")

# Contours are said to lie in a plane, or to keep the slices' spacing, to within this part of a voxel.
_PLANAR = 0.25


def read_rtstruct(file: Path, called: str, roi: str | None, image: sitk.Image) -> sitk.Image:
    """Fill the contours of one ROI on the grid of an image, whatever format the image came in.

    Args:
        file: the RTSTRUCT file.
        called: how a message names it; exports put identifiers into file names.
        roi: the ROI's name; None where only one ROI has contours.
        image: the grid. The contours may lie in the planes of any of its three axes.

    Returns:
        A mask (0 and 1) with the image's geometry; the order of its axes may differ.

    Raises:
        InputError: unreadable file, no such ROI, or contours that lie outside of the image or between its
            planes.
    """
    name, contours = _choose(file, called, roi)
    grid, points = _along_slices(image, contours)

    heights = np.array([contour[:, 2].mean() for contour in points])
    steps = heights - heights[0]
    flat = all(np.ptp(contour[:, 2]) <= _PLANAR for contour in points)
    if not flat or np.abs(steps - np.round(steps)).max() > _PLANAR:
        raise InputError(
            f"{called}: the contours of ROI {name!r} do not lie in the image's slices; "
            "they were drawn on another series, so give that one or resample the outline."
        )
    size = np.array(grid.GetSize())
    low, high = np.min(np.concatenate(points), axis=0), np.max(np.concatenate(points), axis=0)
    # In the plane a contour may follow a voxel's outer edge, and half a voxel more is noise of a header.
    beyond = np.maximum(-low - [1, 1, 0.5], high - (size - 1) - [1, 1, 0.5]).max()
    if beyond > 0:
        raise InputError(
            f"{called}: the contours of ROI {name!r} lie outside of the image (by {beyond:.1f} voxels); "
            "check that outline and image are of the same patient and series."
        )

    sequence = [{"type": "CLOSED_PLANAR", "points": dict(zip("xyz", contour.T, strict=True))} for contour in contours]
    mask = DcmPatientCoords2Mask().convert(sequence, grid, 0, 1)
    mask.CopyInformation(grid)
    return mask


def _choose(file: Path, called: str, roi: str | None) -> tuple[str, list[np.ndarray]]:
    """Name and closed contours, (points, xyz) in mm, of the ROI that is asked for."""
    rois = _read_rois(file, called)
    names = ", ".join(repr(name) for name, _ in rois) or "none"
    chosen = [(name, contours) for name, contours in rois if name == roi or (roi is None and contours)]
    if not chosen and roi is not None:
        raise InputError(f"{called} has no ROI {roi!r}; those there: {names}.")
    if len(chosen) > 1:
        what = "several ROIs with contours" if roi is None else f"ROI {roi!r} more than once"
        raise InputError(f"{called} has {what}; name one that is unique, those there: {names}.")
    if not chosen or not chosen[0][1]:
        raise InputError(f"{called} has an empty outline: no closed contour in {roi or 'its ROIs'} ({names}).")
    return chosen[0]


def _read_rois(file: Path, called: str) -> list[tuple[str, list[np.ndarray]]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom quotes the values that it finds fault with
            structure = pydicom.dcmread(file)
            contours = {
                item.ReferencedROINumber: [
                    np.asarray(contour.ContourData, dtype=float).reshape(-1, 3)
                    for contour in item.get("ContourSequence") or []
                    if contour.ContourGeometricType in _CLOSED
                ]
                for item in structure.get("ROIContourSequence") or []
            }
            return [(str(item.ROIName), contours.get(item.ROINumber, [])) for item in structure.StructureSetROISequence]
    except UNREADABLE as error:
        raise InputError(f"{called} is a truncated or unreadable RTSTRUCT; copy or export it again.") from error


def _along_slices(image: sitk.Image, contours: list[np.ndarray]) -> tuple[sitk.Image, list[np.ndarray]]:
    """The image with the axis last that the contours are stacked along, and the contours in its voxels."""
    to_index = np.linalg.inv(np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing())
    points = [(contour - image.GetOrigin()) @ to_index.T for contour in contours]
    axis = int(np.max([np.ptp(contour, axis=0) for contour in points], axis=0).argmin())
    order = [*(other for other in range(3) if other != axis), axis]
    return sitk.PermuteAxes(image, order), [contour[:, order] for contour in points]
