"""Whether two groups are alike: standardised differences of means, and how many patients weights leave.

Austin, Statistics in Medicine 2009; Austin and Stuart, Statistics in Medicine 2015.
"""

import numpy as np
from numpy.typing import ArrayLike


def standardised_differences(x: ArrayLike, treated: ArrayLike, weights: ArrayLike | None = None) -> np.ndarray:
    """Difference of the (weighted) means over the standard deviation, the root of both groups' mean variance.

    The standard deviation is that of the unweighted patients also where the means are weighted, so that a change of
    the difference is one of the means. A column without variation in both groups has 0 or, if the groups differ, NaN.

    Args:
        x: (patients, columns).
        treated: 0 or 1, (patients,).
        weights: (patients,).

    Returns:
        treated minus not treated, (columns,).
    """
    columns, given = np.asarray(x, dtype=float), np.asarray(treated) == 1
    w = np.ones(len(given)) if weights is None else np.asarray(weights, dtype=float)
    means = [np.average(columns[of], axis=0, weights=w[of]) for of in (given, ~given)]
    spread = np.sqrt((columns[given].var(axis=0) + columns[~given].var(axis=0)) / 2)
    apart = means[0] - means[1]
    return np.divide(apart, spread, out=np.where(apart == 0, 0.0, np.nan), where=spread > 0)


def effective_sample_size(weights: ArrayLike) -> float:
    """Patients of equal weight that would give a mean of the same variance (Kish, 1965)."""
    w = np.asarray(weights, dtype=float)
    return float(w.sum() ** 2 / (w**2).sum())
