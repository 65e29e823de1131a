"""Outlines drawn as contours (RTSTRUCT), filled on the image's grid by geometry."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.contours import fill
from npc.imaging.roi import choose_roi
from npc.imaging.series import FRAME_OF_REFERENCE

# How far a contour may lie from its slice, as a fraction of the distance between slices: rounding of coordinates.
_OFF_SLICE = 0.25


def read_rtstruct(file: Path, called: str, roi: str | None, image: sitk.Image, may_lack: bool = False) -> sitk.Image:
    """Fill the contours of one ROI on the grid of an image of any format.

    Args:
        file: the RTSTRUCT file.
        called: its name in messages, since exported file names may contain identifiers.
        roi: the ROI's name; None where only one ROI has contours.
        image: the grid. The contours may lie in the planes of any of its three axes.
        may_lack: whether a patient may have no such ROI, or one without contours; the mask is then empty.

    Returns:
        A mask (0 and 1) with the image's geometry; the order of its axes may differ.

    Raises:
        InputError: unreadable file, no such ROI, or contours that are outside the image, between its planes
            or in another frame of reference.
    """
    chosen = choose_roi(file, called, roi, may_lack)
    if chosen is None:
        nothing = sitk.Image(image.GetSize(), sitk.sitkUInt8)
        nothing.CopyInformation(image)
        return nothing
    frame = image.GetMetaData(FRAME_OF_REFERENCE) if image.HasMetaDataKey(FRAME_OF_REFERENCE) else ""
    if frame and chosen.frame not in ("", frame):
        raise InputError(
            f"{called}: ROI {chosen.name!r} is drawn in another frame of reference than the image's; "
            "give the series that it was drawn on, or register the two."
        )
    grid, contours = _along_slices(image, chosen.contours)
    heights = _slices(contours, grid, f"{called}: the contours of ROI {chosen.name!r}")

    size = np.array(grid.GetSize())
    low, high = np.min(np.concatenate(contours), axis=0), np.max(np.concatenate(contours), axis=0)
    # In the plane a contour may follow a voxel's outer edge, and another half a voxel may be noise in a header.
    beyond = np.maximum(-low - [1, 1, 0.5], high - (size - 1) - [1, 1, 0.5])
    if beyond.max() > 0:
        side = "above or below its slices" if beyond.argmax() == 2 else "beyond its field of view"
        raise InputError(
            f"{called}: the contours of ROI {chosen.name!r} are outside the image ({beyond.max():.1f} voxels {side}); "
            "check that outline and image are of the same patient and series."
        )

    voxels = np.zeros(size[::-1], np.uint8)
    for height in np.unique(heights):
        drawn = [contour[:, 1::-1] for contour, at in zip(contours, heights, strict=True) if at == height]
        voxels[height] = fill(drawn, voxels.shape[1:], exclusive=chosen.exclusive)
    if not voxels.any():
        raise InputError(f"{called}: the contours of ROI {chosen.name!r} enclose no voxel; outline the tumour.")
    mask = sitk.GetImageFromArray(voxels)
    mask.CopyInformation(grid)
    return mask


def _along_slices(image: sitk.Image, contours: list[np.ndarray]) -> tuple[sitk.Image, list[np.ndarray]]:
    """The image, with the axis along which the contours are stacked last, and the contours in voxel coordinates."""
    to_index = np.linalg.inv(np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing())
    axis = int(np.max([np.ptp(contour @ to_index.T, axis=0) for contour in contours], axis=0).argmin())
    grid = sitk.PermuteAxes(image, [*(other for other in range(3) if other != axis), axis])
    to_voxel = grid.TransformPhysicalPointToContinuousIndex
    return grid, [np.array([to_voxel(point) for point in contour.tolist()]) for contour in contours]


def _slices(contours: list[np.ndarray], grid: sitk.Image, called: str) -> np.ndarray:
    """The number of each contour's slice.

    Raises:
        InputError: contours that do not lie in slices, with the place of the first.
    """
    heights = np.array([contour[:, 2].mean() for contour in contours])
    nearest = np.round(heights).astype(int)
    between = np.abs(heights - nearest) > _OFF_SLICE
    tilted = np.array([np.ptp(contour[:, 2]) > _OFF_SLICE for contour in contours])
    if not (between | tilted).any():
        return nearest
    if tilted.any():
        where = "they are tilted"
    else:
        first = int(between.argmax())
        normal = np.reshape(grid.GetDirection(), (3, 3))[:, 2]
        at, below, above = (
            normal @ grid.GetOrigin() + grid.GetSpacing()[2] * place
            for place in (heights[first], np.floor(heights[first]), np.ceil(heights[first]))
        )
        where = f"contour {first + 1} at {at:.1f} mm is between two of them, at {below:.1f} and {above:.1f} mm"
        where += f"; {between.sum()} of {len(contours)} contours are" if between.sum() > 1 else ""
    raise InputError(
        f"{called} do not lie in the image's slices ({where}); they were drawn on another series; "
        "give that one or resample the outline."
    )
