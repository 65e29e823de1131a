"""Tests of association against R and the P values printed in Table 2 of the paper."""

from math import comb

import numpy as np
import pytest
from scipy import stats

from npc.statistics import NotEstimable
from npc.statistics.association import (
    anova_or_t,
    chi_squared_or_fisher,
    fisher,
    kruskal_wallis,
    kruskal_wallis_of_levels,
    likelihood_ratio,
    linear_by_linear,
    mann_whitney,
    pearson,
    pearson_with_continuity,
    t_or_mann_whitney,
)


def test_table_2_is_that_of_r_and_its_printed_values_are_likelihood_ratio(reference):
    for name, row in reference.figures("table2")["rows"].items():
        g, chi2, h = likelihood_ratio(row["counts"]), pearson(row["counts"]), kruskal_wallis_of_levels(row["counts"])
        assert (g.statistic, g.p, g.df) == pytest.approx(
            [row["likelihood_ratio"][k] for k in ("G", "p", "df")], abs=1e-10
        )
        assert (chi2.statistic, chi2.p) == pytest.approx([row["pearson"][k] for k in ("chi2", "p")], abs=1e-10)
        assert h.p == pytest.approx(row["kruskal"]["p"], abs=1e-10)
        printed = row["printed_p"]
        assert g.p < 0.001 if printed == "<0.001" else round(g.p, 3) == printed, name


def test_fishers_tea_tasting():
    assert fisher([[3, 1], [1, 3]]).p == pytest.approx(0.485714285714286, abs=1e-12)  # R's fisher.test


def test_continuity_correction_of_the_tea_tasting():
    assert pearson_with_continuity([[3, 1], [1, 3]]).statistic == 0.5  # 8 (|9 - 1| - 4)^2 / 4^4
    assert pearson_with_continuity([[3, 1], [1, 3]]).p == pytest.approx(0.479500122186953, abs=1e-12)


def test_linear_by_linear_of_two_by_two_is_pearson_with_n_less_1():
    """There r squared is chi-squared / n."""
    table = [[30, 12], [18, 25]]
    assert linear_by_linear(table).statistic == pytest.approx(pearson(table).statistic * 84 / 85, abs=1e-12)


def test_linear_by_linear_of_agresti_is_the_published_figure():
    """Alcohol and malformation with scores 1 to 5 (Agresti, Categorical Data Analysis, 2.5): M2 = 1.83, P = 0.176."""
    counts = [[17066, 48], [14464, 38], [788, 5], [126, 1], [37, 1]]
    found = linear_by_linear(counts)
    assert (round(found.statistic, 2), round(found.p, 3)) == (1.83, 0.176)


def test_fisher_of_a_larger_table_is_near_r_and_comes_again():
    # ?fisher.test, "Job": P 0.7827
    job = [[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]]
    assert fisher(job).p == pytest.approx(0.7827, abs=0.01)
    assert "estimated" in fisher(job).test
    assert fisher(job) == fisher(job)


def test_mann_whitney_is_rs_wilcox_test():
    # ?wilcox.test, Hollander and Wolfe: W = 35, exact P = 0.1272 with alternative = "greater"; two-sided is twice that
    term = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    early = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
    found = mann_whitney([term, early])
    assert (found.statistic, round(found.p / 2, 4)) == (35, 0.1272)
    apart = mann_whitney([np.arange(20.0), 20 + np.arange(20.0)])
    assert apart.p == pytest.approx(2 / comb(40, 20), rel=1e-9)  # exact: one of all orders at either end
    tied = [np.array([1.0, 2, 2, 3, 4]), np.array([2.0, 5, 6, 7])]
    assert mann_whitney(tied).p == stats.mannwhitneyu(*tied, method="asymptotic").pvalue


def test_few_expected_counts_call_for_fisher():
    assert chi_squared_or_fisher([[20, 20], [20, 20]]).test == "Pearson chi-squared"
    assert chi_squared_or_fisher([[3, 1], [1, 3]]).test == "Fisher's exact"


def test_an_empty_level_changes_nothing():
    assert pearson([[5, 9], [0, 0], [7, 3]]) == pearson([[5, 9], [7, 3]])


def test_two_groups_are_compared_as_scipy_does():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=30), rng.normal(0.5, size=25)
    assert anova_or_t([a, b]).p == stats.ttest_ind(a, b).pvalue
    assert kruskal_wallis([a, b, a[:9]]).p == stats.kruskal(a, b, a[:9]).pvalue
    assert t_or_mann_whitney([a, b]).test == "t test"
    assert t_or_mann_whitney([np.exp(3 * a), b]).test == "Mann-Whitney"
    assert anova_or_t([a, b, a + b.mean()]).test == "ANOVA"
    assert anova_or_t([np.append(a, np.nan), b]).p == stats.ttest_ind(a, b).pvalue


@pytest.mark.parametrize("test", [pearson, fisher, likelihood_ratio, chi_squared_or_fisher, kruskal_wallis_of_levels])
def test_one_level_only_is_not_estimable(test):
    with pytest.raises(NotEstimable):
        test([[4, 5], [0, 0]])


def test_the_same_value_everywhere_is_not_estimable():
    with pytest.raises(NotEstimable):
        anova_or_t([np.ones(4), np.ones(5)])
    with pytest.raises(NotEstimable, match="within the groups"):
        anova_or_t([np.ones(4), np.zeros(5)])
