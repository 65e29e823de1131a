"""Grids of voxels: how far one is from rectangular, and how far two are apart, in voxels."""

from collections.abc import Sequence
from itertools import product

import numpy as np

# Up to this many voxels a difference is the rounding of a header.
ROUNDING = 0.1
_NOISE = 1e-4  # the cosine between two axes up to which ITK reads an sform


def shear(axes: np.ndarray, size: Sequence[int]) -> float:
    """How far the end of an axis is displaced along another axis, in voxels, at most; 0 for a rectangular grid.

    Args:
        axes: mm, (3, 3); the columns are the steps from voxel to voxel.
        size: voxels along each axis, (3,).
    """
    spacing = np.linalg.norm(axes, axis=0)
    length = (np.asarray(size) - 1) * spacing
    cosines = np.abs((axes / spacing).T @ (axes / spacing)) * ~np.eye(3, dtype=bool)
    return float((cosines * length / spacing[:, None]).max())


def straightened(affine: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """The nearest grid with axes at right angles (polar decomposition), its middle and voxel sizes unchanged.

    Args:
        affine: from voxel indices to mm, (3, 4); it is returned itself where its axes are at right angles up to the
            noise that ITK accepts.
        size: voxels along each axis, (3,).
    """
    axes = affine[:, :3]
    spacing = np.linalg.norm(axes, axis=0)
    if np.abs((axes / spacing).T @ (axes / spacing) - np.eye(3)).max() <= _NOISE:
        return affine
    left, _, right = np.linalg.svd(axes / spacing)
    straight = left @ right * spacing
    return np.column_stack([straight, affine[:, 3] + (axes - straight) @ ((np.asarray(size) - 1) / 2)])


def apart(one: np.ndarray, other: np.ndarray, size: Sequence[int]) -> float:
    """The largest distance between the same corners of two grids, in voxels of the first, along an axis.

    Args:
        one: from voxel indices to mm, (3, 4), invertible.
        other: the same of another grid.
        size: voxels along each axis, (3,).
    """
    corners = np.array([(*corner, 1) for corner in product(*((0, steps - 1) for steps in size))]).T
    return float(np.abs(np.linalg.solve(one[:, :3], (other - one) @ corners)).max())
