"""The region of an image that a method sees: the tumour, or a ring around it."""

import numpy as np

from npc.config.regions import ring_width
from npc.errors import InputError
from npc.names import TUMOUR

_CLIP = 99.0  # percentile; a few very bright voxels would fill the histogram's range
_AIR_AT_BORDER = 0.5  # share of the slices' border that must lie outside of the body, if its edge can be told
_IN_BODY = 0.99  # share of the tumour that must lie inside it


def region_of(mask: np.ndarray, image: np.ndarray, spacing: tuple[float, float, float], region: str) -> np.ndarray:
    """The voxels of a region.

    A ring contains the voxels outside of the tumour, of the slices that show it, whose distance to the tumour in the
    plane of the slice is at most the ring's width, between the centres of the voxels. It ends at the edge of the image,
    where the image has no finite value, and at the edge of the body where that can be told.

    Args:
        mask: bool (slice, row, column), the tumour; not empty.
        image: the same shape.
        spacing: mm, (slice, row, column).
        region: `tumour`, or `ring` and its width in mm.

    Returns:
        bool, the same shape, not empty.

    Raises:
        InputError: the ring has no voxel.
    """
    if region == TUMOUR:
        return mask
    from scipy import ndimage  # takes half a second in each process, and most runs have no ring

    width = ring_width(region)
    assert width is not None  # the config is checked
    ring = np.zeros_like(mask)
    for z in np.flatnonzero(mask.any(axis=(1, 2))):
        distance = ndimage.distance_transform_edt(~mask[z], sampling=spacing[1:])
        ring[z] = (distance > 0) & (distance <= width * (1 + 1e-6))  # noise in the header's spacing
    ring &= np.isfinite(image)
    inside = body(image, mask)
    ring = ring if inside is None else ring & inside
    if not ring.any():
        raise InputError(f"region={region}: there is no voxel within {width:g} mm of the outline; choose a wider ring.")
    return ring


def body(image: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """The patient's body without the air around it; air inside, as in a sinus, belongs to it.

    The threshold is that of the triangle method (Zack et al., 1977), which is made for a histogram with one high peak,
    the background. The largest connected part above it is the body.

    Args:
        image: (slice, row, column).
        mask: bool, the same shape, the tumour.

    Returns:
        bool, the same shape; None where the edge cannot be told: less than half of the border of the slices lies
        outside of what was found, or it does not contain the tumour.
    """
    from scipy import ndimage
    from skimage.filters import threshold_triangle

    finite = np.isfinite(image)
    values = np.where(finite, image, image[finite].min())
    values = np.minimum(values, np.percentile(values, _CLIP))
    if np.ptp(values) == 0:
        return None
    parts, _ = ndimage.label(values > threshold_triangle(values))
    largest = np.bincount(parts.ravel())[1:].argmax() + 1
    found = np.stack([ndimage.binary_fill_holes(plane == largest) for plane in parts])
    border = np.ones(image.shape[1:], bool)
    border[1:-1, 1:-1] = False
    is_told = 1 - found[:, border].mean() >= _AIR_AT_BORDER and found[mask].mean() >= _IN_BODY
    return found if is_told else None
