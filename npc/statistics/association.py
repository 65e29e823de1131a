"""Tests of association of one variable with groups, and the rules by which one is chosen."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from npc.statistics import NotEstimable
from npc.statistics.freeman_halton import freeman_halton


@dataclass(frozen=True)
class Association:
    """A test.

    Attributes:
        test: its name.
        statistic: t, U, H, F, chi-squared or G; None for Fisher's exact test.
        df: degrees of freedom; None where there are none.
        p: two-sided.
    """

    test: str
    statistic: float | None
    df: float | None
    p: float


def pearson(counts: ArrayLike) -> Association:
    """Pearson's chi-squared without continuity correction (SPSS's "Pearson Chi-Square").

    Args:
        counts: (levels, groups); empty levels and groups are left out.
    """
    return _power_divergence(counts, "Pearson chi-squared", "pearson")


def pearson_with_continuity(counts: ArrayLike) -> Association:
    """Pearson's chi-squared of a 2 x 2 table with Yates' correction (SPSS's "Continuity Correction", R's default).

    Args:
        counts: (2, 2).
    """
    found = stats.chi2_contingency(_table(counts), correction=True)
    name = "Pearson chi-squared with continuity correction"
    return Association(name, float(found.statistic), float(found.dof), float(found.pvalue))


def likelihood_ratio(counts: ArrayLike) -> Association:
    """Likelihood-ratio chi-squared, G (SPSS's "Likelihood Ratio").

    Args:
        counts: (levels, groups); empty levels and groups are left out.
    """
    return _power_divergence(counts, "likelihood-ratio chi-squared", "log-likelihood")


def fisher(counts: ArrayLike) -> Association:
    """Fisher's exact test, of larger tables than 2 x 2 the Freeman-Halton extension.

    Two-sided: all tables with the same margins that are not more probable than this one. Where there are too many to
    be counted the tail is estimated from 20,000 random ones with a fixed seed, and the test's name says so.

    Args:
        counts: (levels, groups); empty levels and groups are left out.
    """
    table = _table(counts)
    if table.shape == (2, 2):
        return Association("Fisher's exact", None, None, float(stats.fisher_exact(table).pvalue))
    name = "Fisher's exact (Freeman-Halton)"
    if (p := freeman_halton(table)) is not None:
        return Association(name, None, None, p)
    method = stats.MonteCarloMethod(n_resamples=20_000, rng=np.random.default_rng(0))
    found = stats.fisher_exact(table, method=method)
    return Association(f"{name}, estimated from 20,000 tables", None, None, float(found.pvalue))


def chi_squared_or_fisher(counts: ArrayLike) -> Association:
    """Pearson's chi-squared, or Fisher's exact test of tables with low expected counts.

    Low: over a fifth of them below 5, or one below 1 (Cochran, Biometrics 1954).
    """
    expected = stats.contingency.expected_freq(_table(counts))
    few = (expected < 5).mean() > 0.2 or (expected < 1).any()
    return fisher(counts) if few else pearson(counts)


def kruskal_wallis_of_levels(counts: ArrayLike) -> Association:
    """Kruskal-Wallis H of ordered levels between groups, corrected for ties.

    Args:
        counts: (levels, groups).
    """
    table = _table(counts)
    return _kruskal([np.repeat(np.arange(len(table)), group) for group in table.T])


def linear_by_linear(counts: ArrayLike) -> Association:
    """Mantel's test of trend, (n - 1) r squared of the scores 1, 2, ... (SPSS's "Linear-by-Linear Association").

    Mantel, J Am Stat Assoc 1963;58:690-700.

    Args:
        counts: (levels, groups), both in order; empty ones are left out before they are scored.
    """
    table = _table(counts)
    level, group = (np.repeat(scores.ravel(), table.ravel()) for scores in np.indices(table.shape))
    statistic = float((table.sum() - 1) * np.corrcoef(level, group)[0, 1] ** 2)
    return Association("linear-by-linear", statistic, 1.0, float(stats.chi2.sf(statistic, 1)))


def anova_or_t(groups: list[np.ndarray]) -> Association:
    """One-way analysis of variance, of two groups the pooled t test; missing values are left out.

    Args:
        groups: values of each group.
    """
    known = _groups(groups)
    if all(np.ptp(g) == 0 for g in known):
        raise NotEstimable("values do not vary within the groups")
    if len(known) == 2:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Precision loss")  # said of any group that does not vary
            found = stats.ttest_ind(*known)
        return Association("t test", float(found.statistic), float(sum(map(len, known)) - 2), float(found.pvalue))
    found = stats.f_oneway(*known)
    return Association("ANOVA", float(found.statistic), float(len(known) - 1), float(found.pvalue))


def kruskal_wallis(groups: list[np.ndarray]) -> Association:
    """Kruskal-Wallis H of values, corrected for ties; missing values are left out.

    Args:
        groups: values of each group.
    """
    return _kruskal(_groups(groups))


def mann_whitney(groups: list[np.ndarray]) -> Association:
    """Mann-Whitney U of two groups; missing values are left out.

    As R's `wilcox.test`: exact where both groups have fewer than 50 values and none is tied, else normal with
    corrections for ties and continuity.

    Args:
        groups: values of each of two groups.
    """
    first, second = _groups(groups)
    together = np.concatenate([first, second])
    exact = max(len(first), len(second)) < 50 and len(np.unique(together)) == len(together)
    found = stats.mannwhitneyu(first, second, method="exact" if exact else "asymptotic")
    return Association("Mann-Whitney", float(found.statistic), None, float(found.pvalue))


def t_or_mann_whitney(groups: list[np.ndarray]) -> Association:
    """The t test where both groups pass for normal (Shapiro-Wilk, P of 0.05 and more), else Mann-Whitney.

    Args:
        groups: values of each of two groups.
    """
    known = _groups(groups)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "scipy.stats.shapiro")  # P is coarse beyond 5,000 values; so is this rule
        normal = all(len(g) >= 3 and np.ptp(g) > 0 and stats.shapiro(g).pvalue >= 0.05 for g in known)
    return anova_or_t(known) if normal else mann_whitney(known)


def _power_divergence(counts: ArrayLike, name: str, kind: str) -> Association:
    found = stats.chi2_contingency(_table(counts), correction=False, lambda_=kind)
    return Association(name, float(found.statistic), float(found.dof), float(found.pvalue))


def _kruskal(groups: list[np.ndarray]) -> Association:
    found = stats.kruskal(*groups)
    return Association("Kruskal-Wallis", float(found.statistic), float(len(groups) - 1), float(found.pvalue))


def _table(counts: ArrayLike) -> np.ndarray:
    table = np.asarray(counts)
    if table.ndim != 2 or (table < 0).any() or (table != np.rint(table)).any():
        raise ValueError("counts must be whole numbers, 0 or more, of shape (levels, groups)")
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(int)
    if min(table.shape) < 2:
        raise NotEstimable("all patients are of one level, or of one group")
    return table


def _groups(groups: list[np.ndarray]) -> list[np.ndarray]:
    known = [np.asarray(g, dtype=float)[~np.isnan(np.asarray(g, dtype=float))] for g in groups]
    if len(known) < 2 or min(map(len, known)) < 2:
        raise NotEstimable("a group has fewer than two values")
    if np.ptp(np.concatenate(known)) == 0:
        raise NotEstimable("all values are the same")
    return known
