"""Kaplan-Meier, log-rank and Cox against R's survival 3.5.3 and lifelines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time
from statsmodels.duration.hazard_regression import PHReg

from npc.statistics import NotEstimable
from npc.statistics.cox import cox
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.logrank import logrank
from npc.statistics.restricted_mean import restricted_mean, restricted_mean_difference

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(1, 15, n).astype(float), rng.integers(0, 2, n), rng.integers(0, 3, n)


@pytest.mark.parametrize(
    ("data", "study", "column", "event", "levels"),
    [("lung", "km_by_sex", "sex", "event", (1, 2)), ("veteran", "km_by_trt", "trt", "status", (1, 2))],
)
def test_medians_and_their_intervals_are_those_of_r(reference, data, study, column, event, levels):
    expected, table = reference.figures("survival")[data][study], reference.data(data)
    for level in levels:
        rows, figures = table[table[column] == level], expected[f"{column}={level}"]
        curve = kaplan_meier(rows["time"], rows[event])
        assert (curve.at_risk[0], curve.events.sum()) == (figures["records"], figures["events"])
        assert curve.median() == pytest.approx(figures["median"], abs=1e-8)
        assert curve.median_interval() == pytest.approx((figures["0.95LCL"], figures["0.95UCL"]), abs=1e-8)


def test_survival_at_a_year_is_that_of_r(reference):
    expected, table = reference.figures("survival")["lung"]["s365"], reference.data("lung")
    curve = kaplan_meier(table["time"], table["event"])
    assert curve.survival_at([365])[0] == pytest.approx(expected["surv"], abs=1e-12)
    assert curve.standard_error[curve.time <= 365][-1] == pytest.approx(expected["se"], abs=1e-12)
    assert curve.number_at_risk([365])[0] == expected["n_risk"]


def test_plain_limits_are_survival_and_rs_standard_error(reference):
    expected, table = reference.figures("survival")["lung"]["s365"], reference.data("lung")
    curve = kaplan_meier(table["time"], table["event"], scale="plain")
    year = np.flatnonzero(curve.time <= 365)[-1]
    limits = expected["surv"] + expected["se"] * np.array([-1.959963984540054, 1.959963984540054])
    assert (curve.lower[year], curve.upper[year]) == pytest.approx(limits, abs=1e-12)
    few = kaplan_meier([1, 2, 3], [1, 1, 0], scale="plain")
    assert (few.lower[1], few.upper[0]) == (0, 1)  # cut


def test_restricted_means_are_those_of_r(reference):
    """`print(survfit(Surv(time, status) ~ sex, lung), rmean = "common")`: sex=1 326, standard error 22.9, to 1022 days.

    For sex=2, R draws the curve on from its last censoring at 965; here the mean to 1022 is not estimable.
    """
    table = reference.data("lung")
    men, women = (kaplan_meier(rows["time"], rows["event"]) for _, rows in table.groupby("sex"))
    mean, variance = restricted_mean(men, 1022)
    assert (round(mean), round(variance**0.5, 1)) == (326, 22.9)
    with pytest.raises(NotEstimable, match="follow-up ends at 965, before 1022"):
        restricted_mean(women, 1022)


def test_the_difference_of_restricted_means_without_censoring_is_that_of_means():
    one, other = np.array([3.0, 5, 8, 13]), np.array([1.0, 2, 4, 4, 7])
    curves = [kaplan_meier(time, np.ones(len(time))) for time in (one, other)]
    found = restricted_mean_difference(*curves, until=20)
    error = (one.var() / 4 + other.var() / 5) ** 0.5
    assert found.estimate == pytest.approx(one.mean() - other.mean(), abs=1e-12)
    assert np.diff(found.ci)[0] == pytest.approx(2 * 1.959963984540054 * error, abs=1e-12)
    back = restricted_mean_difference(*curves[::-1], until=20)
    assert (-back.estimate, back.p) == pytest.approx((found.estimate, found.p), abs=1e-12)


def test_groups_that_never_meet_in_a_stratum_are_not_compared():
    rng = np.random.default_rng(4)
    time, event, group = rng.integers(1, 15, 80), rng.integers(0, 2, 80), rng.integers(0, 2, 80)
    stratum = np.repeat([0, 1], 40)
    found = logrank(time, event, group + 2 * stratum, stratum)
    parts = [logrank(time[stratum == s], event[stratum == s], group[stratum == s]) for s in (0, 1)]
    assert found.chi2 == pytest.approx(sum(part.chi2 for part in parts), abs=1e-10)
    assert found.df == 2


def test_all_events_at_one_time_say_nothing_of_proportional_hazards():
    found = cox([3, 3, 3, 3, 5, 5], [1, 1, 1, 1, 0, 0], [0, 1, 0, 1, 1, 0])
    assert (found.proportional_hazards, found.proportional_hazards_global) == ((None,), None)


def test_log_rank_tests_are_those_of_r(reference):
    expected, lung = reference.figures("survival"), reference.data("lung")
    veteran, known = reference.data("veteran"), reference.data("lung").dropna(subset="inst")
    for test, figures in (
        (logrank(lung["time"], lung["event"], lung["sex"]), expected["lung"]["logrank_sex"]),
        (
            logrank(known["time"], known["event"], known["sex"], known["inst"]),
            expected["lung"]["logrank_sex_stratified_by_inst"],
        ),
        (logrank(veteran["time"], veteran["status"], veteran["celltype"]), expected["veteran"]["logrank_celltype"]),
    ):
        assert test.chi2 == pytest.approx(figures["chisq"], abs=1e-8)
        assert (test.df, test.p) == pytest.approx((figures["df"], figures["p"]), abs=1e-10)


def test_cox_and_the_test_of_proportional_hazards_are_those_of_r(reference):
    expected, lung = reference.figures("survival")["lung"]["cox_age_sex"], reference.data("lung")
    found = cox(lung["time"], lung["event"], lung[["age", "sex"]])
    assert found.coefficient == pytest.approx(list(expected["coef"].values()), abs=1e-8)
    assert found.standard_error == pytest.approx(list(expected["se"].values()), abs=1e-8)
    assert found.log_likelihood == pytest.approx(expected["loglik"], abs=1e-8)
    tests = [*found.proportional_hazards, found.proportional_hazards_global]
    assert [test.p for test in tests] == pytest.approx(list(expected["zph"].values()), abs=1e-8)


@pytest.mark.slow
@given(seeds)
def test_the_curve_is_lifelines(seed):
    time, event, _ = sample(seed)
    curve = kaplan_meier(time, event)
    other = KaplanMeierFitter().fit(time, event)
    np.testing.assert_allclose(curve.survival, other.survival_function_.iloc[1:, 0], atol=1e-12)
    inside = (curve.survival > 0) & (curve.survival < 1)
    limits = other.confidence_interval_survival_function_.to_numpy()[1:]
    np.testing.assert_allclose(np.transpose([curve.lower, curve.upper])[inside], limits[inside], atol=1e-9)


@pytest.mark.slow
@given(seeds)
def test_the_restricted_mean_is_lifelines(seed):
    time, event, _ = sample(seed)
    curve = kaplan_meier(time, event)
    until = float(time.max()) * 0.9
    mean, variance = restricted_mean(curve, until)
    assert mean == pytest.approx(restricted_mean_survival_time(KaplanMeierFitter().fit(time, event), until), abs=1e-9)
    assert variance >= 0


def test_the_variance_of_the_restricted_mean_without_censoring_is_that_of_a_mean():
    time = np.array([1.0, 2, 4, 7, 9, 12])
    mean, variance = restricted_mean(kaplan_meier(time, np.ones(6)), 100)
    assert (mean, variance) == pytest.approx((time.mean(), time.var() / 6), abs=1e-12)


@pytest.mark.slow
@given(seeds)
def test_the_log_rank_test_is_lifelines(seed):
    time, event, group = sample(seed)
    other = multivariate_logrank_test(time, group, event)
    found = logrank(time, event, group)
    assert found.chi2 == pytest.approx(other.test_statistic, abs=1e-8)


@pytest.mark.slow
@given(seeds)
def test_cox_is_statsmodels_phreg_with_efrons_ties(seed):
    """lifelines stops too early for an oracle: it is within 1e-4 of the maximum only."""
    rng = np.random.default_rng(seed)
    time, event, group = sample(seed, 60)
    covariates = np.column_stack([rng.normal(size=60), group])
    other = PHReg(time, covariates, event, ties="efron").fit(method="newton", maxiter=100, tol=1e-12)
    found = cox(time, event, covariates)
    np.testing.assert_allclose(found.coefficient, other.params, atol=1e-8)
    np.testing.assert_allclose(found.standard_error, other.bse, atol=1e-8)
    assert found.log_likelihood[1] == pytest.approx(other.llf, abs=1e-8)


@pytest.mark.slow
@settings(max_examples=25)
@given(seeds)
def test_stratified_cox_is_statsmodels_phreg(seed):
    rng = np.random.default_rng(seed)
    time, event, stratum = sample(seed, 80)
    covariates = rng.normal(size=(80, 2))
    fitted = PHReg(time, covariates, event, strata=stratum, ties="efron").fit(method="newton", maxiter=100, tol=1e-12)
    found = cox(time, event, covariates, np.array(["a", "b", "c"])[stratum])
    np.testing.assert_allclose(found.coefficient, fitted.params, atol=1e-8)
    np.testing.assert_allclose(found.standard_error, fitted.bse, atol=1e-8)
    assert found.log_likelihood[1] == pytest.approx(fitted.llf, abs=1e-8)


def test_a_covariate_that_differs_between_strata_only_has_no_hazard_ratio():
    time, event, stratum = sample(0, 60)
    with pytest.raises(NotEstimable, match="follows from the others"):
        cox(time, event, stratum, stratum)


@pytest.mark.slow
@given(seeds)
def test_one_binary_covariate_gives_the_hazard_ratio_the_other_way_round(seed):
    time, event, group = sample(seed, 100)
    one, other = (cox(time, event, (group > 0) == value).hazard_ratio() for value in (True, False))
    assert one[0] == pytest.approx(1 / other[0], rel=1e-7)
    assert one[1] == pytest.approx((1 / other[1][1], 1 / other[1][0]), rel=1e-6)


def test_undefined_cases_say_why():
    with pytest.raises(NotEstimable, match="one group"):
        logrank([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(NotEstimable, match="no event"):
        logrank([1, 2], [0, 0], ["a", "b"])
    with pytest.raises(NotEstimable, match="no event"):
        cox([1, 2], [0, 0], [0, 1])
    with pytest.raises(NotEstimable, match="does not vary"):
        cox([1, 2], [1, 1], [1, 1])
    with pytest.raises(NotEstimable, match="no bound"):
        cox([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0])
    with pytest.raises(NotEstimable, match="no variance"):
        restricted_mean_difference(kaplan_meier([5, 6], [0, 0]), kaplan_meier([5, 6], [0, 0]), 4)
    assert kaplan_meier([5, 6], [0, 0]).median() is None


def test_input_that_cannot_be_is_is_refused_with_its_place():
    with pytest.raises(ValueError, match="0 or more at index 1"):
        kaplan_meier([1, -1, 2], [1, 0, 0])
    with pytest.raises(ValueError, match="event is neither 0 nor 1 at index 1"):
        kaplan_meier([1, 2], [1, np.nan])
    with pytest.raises(ValueError, match="group is missing at index 1"):
        logrank([1, 2, 3], [1, 1, 1], [0, np.nan, 1])
    with pytest.raises(ValueError, match="strata must have one label for each subject"):
        logrank([1, 2, 3], [1, 1, 1], [0, 1, 1], [0, 0])
