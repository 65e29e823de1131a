"""The size of one outline."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OutlineSize:
    """The size of an outline.

    Attributes:
        volume: mL.
        area: of the slice where it is largest, cm².
    """

    volume: float
    area: float


def outline_size(mask: np.ndarray, spacing: tuple[float, float, float]) -> OutlineSize:
    """Counts voxels.

    Args:
        mask: bool (slice, row, column).
        spacing: mm, (slice, row, column).
    """
    pixel = spacing[1] * spacing[2]
    return OutlineSize(
        float(np.count_nonzero(mask) * pixel * spacing[0] / 1000), float(mask.sum(axis=(1, 2)).max() * pixel / 100)
    )
