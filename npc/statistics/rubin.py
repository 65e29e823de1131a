"""Rubin's rules: one estimate from several imputed data sets (Rubin, 1987; Barnard and Rubin, Biometrika 1999)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t


@dataclass(frozen=True)
class Pooled:
    """Arrays are (coefficients,).

    Attributes:
        coefficient: mean over the imputed data sets.
        standard_error: of variance within and between them.
        df: degrees of freedom of the t distribution.
        p: two-sided.
        fraction: of the information about a coefficient that is missing.
        lower: 95% limit.
        upper: the same.
    """

    coefficient: np.ndarray
    standard_error: np.ndarray
    df: np.ndarray
    p: np.ndarray
    fraction: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def pool(coefficients: ArrayLike, standard_errors: ArrayLike, complete: float) -> Pooled:
    """Pools regressions.

    Args:
        coefficients: (imputations, coefficients), two imputations at least.
        standard_errors: in the same way.
        complete: degrees of freedom of the regression if nothing were missing.
    """
    q, u = np.asarray(coefficients, dtype=float), np.asarray(standard_errors, dtype=float) ** 2
    m = len(q)
    if m < 2 or q.shape != u.shape:
        raise ValueError("coefficients and standard errors must be of two imputations or more, of one shape")
    middle, within, between = q.mean(axis=0), u.mean(axis=0), q.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total  # of the variance that is due to what is missing
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    with np.errstate(divide="ignore"):
        old = (m - 1) / share**2
        df = 1 / (1 / old + 1 / observed)
    error = np.sqrt(total)
    half = t.ppf(0.975, df) * error
    r = share / (1 - share)
    fraction = (r + 2 / (df + 3)) / (r + 1)
    fraction = np.where(between > 0, fraction, 0.0)
    return Pooled(middle, error, df, 2 * t.sf(np.abs(middle / error), df), fraction, middle - half, middle + half)
