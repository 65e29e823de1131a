"""Association of each of many variables with a label, all at once."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from npc.statistics import NotEstimable
from npc.statistics.association import chi_squared_or_fisher
from npc.statistics.inputs import labelled


def screen(label: ArrayLike, x: ArrayLike) -> np.ndarray:
    """P of each column: by the Mann-Whitney test, or of two distinct values by chi-squared (or Fisher's exact test).

    The figures of `association.mann_whitney` and `association.chi_squared_or_fisher`, by the same rules.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, variables).

    Returns:
        Two-sided, not corrected for the number of variables; 1 where a column does not vary.

    Raises:
        NotEstimable: fewer than two patients of a class.
    """
    y, columns = labelled(label, x, unit="variables")
    sizes = np.bincount(y.astype(int), minlength=2)
    if sizes.min() < 2:
        raise NotEstimable("a class has fewer than two patients")
    steps = (np.diff(np.sort(columns, axis=0), axis=0) > 0).sum(axis=0)
    exact = (steps == len(y) - 1) & (sizes.max() < 50)
    p = np.ones(columns.shape[1])
    for some, method in ((exact, "exact"), ((steps > 1) & ~exact, "asymptotic")):
        if some.any():
            groups = columns[y == 0][:, some], columns[y == 1][:, some]
            p[some] = stats.mannwhitneyu(*groups, axis=0, method=method).pvalue
    for index in np.flatnonzero(steps == 1):
        high = columns[:, index] == columns[:, index].max()
        p[index] = chi_squared_or_fisher([[np.sum(high[y == k]), np.sum(~high[y == k])] for k in (0, 1)]).p
    return p
