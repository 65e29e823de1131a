"""Restricted cubic splines (Harrell, Regression Modeling Strategies, 2nd edition, section 2.4.5)."""

import numpy as np
from numpy.typing import ArrayLike


def restricted_cubic_spline(values: ArrayLike, knots: ArrayLike) -> np.ndarray:
    """The terms beside the linear one; a cubic between the knots, straight lines outside of them.

    Args:
        values: (..., values).
        knots: ascending, (..., knots), three or more; leading axes as those of `values`.

    Returns:
        (..., values, knots - 2), divided by the square of the distance of the outer knots, as `rcspline.eval` of R's
        Hmisc does.
    """
    x, k = np.asarray(values, dtype=float)[..., None], np.asarray(knots, dtype=float)[..., None, :]

    def cube(of: np.ndarray) -> np.ndarray:
        return np.maximum(of, 0) ** 3

    last, before = k[..., -1:], k[..., -2:-1]
    inner = k[..., :-2]
    terms = cube(x - inner) - (cube(x - before) * (last - inner) - cube(x - last) * (before - inner)) / (last - before)
    return terms / (last - k[..., :1]) ** 2
