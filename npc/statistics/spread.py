"""Mean and spread of a figure over repetitions: training seeds, repeats of a cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Values and their spread.

    Attributes:
        values: in the order of the repetitions.
        mean: of the values.
        sd: standard deviation (n - 1); None of one value.
        low: the smallest.
        high: the largest.
    """

    values: tuple[float, ...]
    mean: float
    sd: float | None
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Of one value or more, all finite (ValueError)."""
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or not len(x) or not np.isfinite(x).all():
        raise ValueError("values must be finite, of shape (repetitions,), with one or more")
    sd = float(x.std(ddof=1)) if len(x) > 1 else None
    return Spread(tuple(map(float, x)), float(x.mean()), sd, float(x.min()), float(x.max()))
