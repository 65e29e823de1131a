"""Agreement of two outlines of the same tumour: overlap, distance of their surfaces, area."""

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

from npc.imaging.slices import largest_slice


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Dice coefficient (Dice, 1945): twice the number of common voxels divided by the sum of both.

    Args:
        first: bool (slice, row, column), not empty.
        second: the same shape.
    """
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


def hausdorff95(first: np.ndarray, second: np.ndarray, spacing: tuple[float, float, float]) -> float:
    """95% Hausdorff distance in mm: the larger of the 95th percentiles of the two directed surface distances.

    The surface of an outline is its voxels with a face towards the outside (the border of the image is outside);
    the distance is that of voxel centres. This is the definition of MONAI's `compute_hausdorff_distance`, in double
    precision; importing MONAI would take each worker much longer than the computation.

    Args:
        first: bool (slice, row, column), not empty.
        second: the same shape, not empty.
        spacing: mm, in that order.
    """
    both = np.nonzero(first | second)
    box = tuple(slice(axis.min(), axis.max() + 1) for axis in both)
    surfaces = [mask[box] & ~binary_erosion(mask[box]) for mask in (first, second)]
    directed = [
        np.percentile(distance_transform_edt(~other, sampling=spacing)[surface], 95)
        for surface, other in (surfaces, surfaces[::-1])
    ]
    return float(max(directed))


def largest_area(mask: np.ndarray, spacing: tuple[float, float, float]) -> float:
    """Area in mm2 of the outline on its own largest slice, which is the one that the network sees.

    Args:
        mask: bool (slice, row, column), not empty.
        spacing: mm, in that order.
    """
    return float(mask[largest_slice(mask)].sum() * spacing[1] * spacing[2])
