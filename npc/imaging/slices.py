"""The slices that the network and the features use."""

import numpy as np


def largest_slice(mask: np.ndarray) -> int:
    """Index of the slice with the largest outlined area.

    Ties go to the slice nearer the middle of the outline (half way between its first and last slice), then to the
    lower one. The paper takes the largest "dot product of the tumor region matrix", which is the area.

    Args:
        mask: bool (slice, row, column), not empty.
    """
    area = mask.sum(axis=(1, 2))
    outlined = np.flatnonzero(area)
    largest = np.flatnonzero(area == area.max())
    middle = (outlined[0] + outlined[-1]) / 2
    return int(largest[np.argmin(np.abs(largest - middle))])


def three_slices(mask: np.ndarray) -> tuple[int, int, int]:
    """The largest slice between its two neighbours, clamped at the volume's ends (an end slice is used twice)."""
    middle = largest_slice(mask)
    return max(middle - 1, 0), middle, min(middle + 1, len(mask) - 1)


def spread_slices(mask: np.ndarray, most: int) -> list[int]:
    """All outlined slices; if there are more than `most`, that many of them, evenly spread from the first to the last.

    Args:
        mask: bool (slice, row, column), not empty.
        most: 1 gives the slice in the middle.
    """
    outlined = np.flatnonzero(mask.any(axis=(1, 2)))
    if len(outlined) <= most:
        return outlined.tolist()
    ends = (0, len(outlined) - 1) if most > 1 else (len(outlined) // 2,) * 2
    return outlined[np.rint(np.linspace(*ends, most)).astype(int)].tolist()
