"""Tests that a P value of a table of counts may come from."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Table = NDArray[np.int64]

TITLES = {
    "pearson": "Pearson chi-squared",
    "continuity": "Pearson chi-squared with continuity correction",
    "likelihood_ratio": "likelihood-ratio chi-squared",
    "fisher": "Fisher's exact test",
    "kruskal_wallis": "Kruskal-Wallis test",
    "linear_by_linear": "linear-by-linear association",
}


def p_values(counts: Table) -> dict[str, float]:
    """P of each test that the table allows.

    Args:
        counts: (levels, cohorts); empty levels and cohorts are left out, the rest is scored by its order.

    Returns:
        By the names of `TITLES`; empty where fewer than two levels or cohorts are left.
    """
    table = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    if min(table.shape) < 2:
        return {}
    known = {name: test(table) for name, test in _TESTS.items()}
    if table.shape == (2, 2):
        known["continuity"] = float(stats.chi2_contingency(table, correction=True).pvalue)
        known["fisher"] = float(stats.fisher_exact(table).pvalue)
    return known


def _pearson(table: Table) -> float:
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def _likelihood_ratio(table: Table) -> float:
    return float(stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue)


def _kruskal_wallis(table: Table) -> float:
    levels = np.arange(len(table))
    return float(stats.kruskal(*(np.repeat(levels, column) for column in table.T)).pvalue)


def _linear_by_linear(table: Table) -> float:
    """(n - 1) r squared, with levels and cohorts scored 1, 2, ... (Mantel 1963; so in SPSS)."""
    level, cohort = (np.repeat(scores.ravel(), table.ravel()) for scores in np.indices(table.shape))
    return float(stats.chi2.sf((table.sum() - 1) * np.corrcoef(level, cohort)[0, 1] ** 2, 1))


_TESTS: dict[str, Callable[[Table], float]] = {
    "pearson": _pearson,
    "likelihood_ratio": _likelihood_ratio,
    "kruskal_wallis": _kruskal_wallis,
    "linear_by_linear": _linear_by_linear,
}
