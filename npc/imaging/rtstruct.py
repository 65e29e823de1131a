"""Outlines drawn as contours (RTSTRUCT), filled on the image's grid by geometry."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.roi import choose_roi
from npc.imaging.series import FRAME_OF_REFERENCE

# The package prints a citation when it is imported. Only its filling of polygons is used: its reader calls
# pydicom.read_file, which pydicom 3 no longer has.
with redirect_stdout(io.StringIO()):
    from dcmrtstruct2nii.adapters.convert.rtstructcontour2mask import DcmPatientCoords2Mask

# Tolerance, in voxels, for contours to be planar and to have the spacing of the slices.
_PLANAR = 0.25


def read_rtstruct(file: Path, called: str, roi: str | None, image: sitk.Image) -> sitk.Image:
    """Fill the contours of one ROI on the grid of an image of any format.

    Args:
        file: the RTSTRUCT file.
        called: its name in messages, since exported file names may contain identifiers.
        roi: the ROI's name; None where only one ROI has contours.
        image: the grid. The contours may lie in the planes of any of its three axes.

    Returns:
        A mask (0 and 1) with the image's geometry; the order of its axes may differ.

    Raises:
        InputError: unreadable file, no such ROI, or contours that are outside the image, between its planes
            or in another frame of reference.
    """
    chosen = choose_roi(file, called, roi)
    name, contours = chosen.name, chosen.contours
    frame = image.GetMetaData(FRAME_OF_REFERENCE) if image.HasMetaDataKey(FRAME_OF_REFERENCE) else ""
    if frame and chosen.frame not in ("", frame):
        raise InputError(
            f"{called}: ROI {name!r} is drawn in another frame of reference than the image's; "
            "give the series that it was drawn on, or register the two."
        )
    grid, points = _along_slices(image, contours)

    heights = np.array([contour[:, 2].mean() for contour in points])
    steps = heights - heights[0]
    flat = all(np.ptp(contour[:, 2]) <= _PLANAR for contour in points)
    if not flat or np.abs(steps - np.round(steps)).max() > _PLANAR:
        raise InputError(
            f"{called}: the contours of ROI {name!r} do not lie in the image's slices "
            f"({'between two of them' if flat else 'they are tilted'}); they were drawn on another series; "
            "give that one or resample the outline."
        )
    size = np.array(grid.GetSize())
    low, high = np.min(np.concatenate(points), axis=0), np.max(np.concatenate(points), axis=0)
    # In the plane a contour may follow a voxel's outer edge, and another half a voxel may be noise in a header.
    beyond = np.maximum(-low - [1, 1, 0.5], high - (size - 1) - [1, 1, 0.5])
    if beyond.max() > 0:
        side = "above or below its slices" if beyond.argmax() == 2 else "beyond its field of view"
        raise InputError(
            f"{called}: the contours of ROI {name!r} are outside the image ({beyond.max():.1f} voxels {side}); "
            "check that outline and image are of the same patient and series."
        )

    sequence = [{"type": "CLOSED_PLANAR", "points": dict(zip("xyz", contour.T, strict=True))} for contour in contours]
    mask = DcmPatientCoords2Mask().convert(sequence, grid, 0, 1)
    mask.CopyInformation(grid)
    if not sitk.GetArrayViewFromImage(mask).any():
        raise InputError(f"{called}: the contours of ROI {name!r} enclose no voxel; outline the tumour.")
    return mask


def _along_slices(image: sitk.Image, contours: list[np.ndarray]) -> tuple[sitk.Image, list[np.ndarray]]:
    """The image, with the axis along which the contours are stacked last, and the contours in voxel coordinates."""
    to_index = np.linalg.inv(np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing())
    points = [(contour - image.GetOrigin()) @ to_index.T for contour in contours]
    axis = int(np.max([np.ptp(contour, axis=0) for contour in points], axis=0).argmin())
    order = [*(other for other in range(3) if other != axis), axis]
    return sitk.PermuteAxes(image, order), [contour[:, order] for contour in points]
