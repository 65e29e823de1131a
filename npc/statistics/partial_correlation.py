"""Partial correlation: of what a linear regression on other variables leaves of both."""

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable


def partial_correlation(x: ArrayLike, y: ArrayLike, given: ArrayLike) -> float:
    """Pearson's correlation of the residuals of `x` and `y` after linear regression on `given`; of ranks, Spearman's.

    Args:
        x: (subjects,).
        y: (subjects,).
        given: (subjects,) or (subjects, variables).

    Raises:
        NotEstimable: a residual does not vary.
    """
    pair = np.column_stack([x, y]).astype(float)
    design = np.column_stack([np.ones(len(pair)), np.asarray(given, dtype=float)])
    residual = pair - design @ np.linalg.lstsq(design, pair, rcond=None)[0]
    spread = np.sqrt((residual**2).sum(axis=0))
    if (spread <= 1e-9 * np.sqrt(((pair - pair.mean(axis=0)) ** 2).sum(axis=0))).any():
        raise NotEstimable("a variable does not vary, or follows from the others")
    return float(residual[:, 0] @ residual[:, 1] / spread.prod())
