"""Sample sizes against pmsampsize 1.1.3 and pmvalsampsize 0.1.0 (R), run on the examples that they publish."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from npc.statistics import NotEstimable
from npc.statistics.cox import cox
from npc.statistics.sample_size import binary_development, r2_of_auc, r2_of_concordance, survival_development
from npc.statistics.validation_size import Expected, Precision, precision, validation


def test_a_logistic_regression_needs_what_pmsampsize_says():
    found = binary_development(24, 0.174, 0.288)
    assert (found.shrinkage, found.optimism, found.overall_risk, found.patients) == (623, 662, 221, 662)
    assert (round(found.largest_r2, 3), round(found.events_per_parameter, 2), found.events) == (0.603, 4.80, 116)
    strict = binary_development(5, 0.5, 0.1, shrinkage=0.95)
    assert (strict.shrinkage, strict.optimism, strict.overall_risk) == (900, 124, 385)


def test_an_auc_stands_for_the_r2_that_pmsampsize_simulates():
    """0.2902 and 661 patients, 0.1131 and 745, of a million patients drawn; here there is no chance."""
    for auc, share, parameters, r2, patients in ((0.89, 0.174, 24, 0.2902, 661), (0.7, 0.37, 10, 0.1131, 745)):
        assert r2_of_auc(auc, share) == pytest.approx(r2, abs=0.001)
        assert binary_development(parameters, share, r2_of_auc(auc, share)).patients == pytest.approx(patients, abs=3)


def test_the_r2_of_an_auc_is_that_of_a_fit():
    rng = np.random.default_rng(0)
    label = rng.random(200_000) < 0.3
    x = (rng.normal(size=200_000) + label * 1.1)[:, None]
    chance = LogisticRegression(C=np.inf).fit(x, label).predict_proba(x)
    null = np.full(200_000, label.mean())
    r2 = 1 - np.exp(-2 * (log_loss(label, null) - log_loss(label, chance)))
    assert r2_of_auc(roc_auc_score(label, x[:, 0]), 0.3) == pytest.approx(r2, abs=0.004)


def test_a_cox_regression_needs_what_pmsampsize_says():
    found = survival_development(30, 0.065, 2.07, 2, 0.051)
    assert (found.shrinkage, found.optimism, found.patients) == (5143, 1039, 5143)
    assert (round(found.largest_r2, 3), round(found.events_per_parameter, 2)) == (0.555, 23.07)
    time = found.overall_risk * 2.07  # person-time with which the upper limit is 0.05 above the risk
    above = np.exp(-0.065 * 2) - np.exp(-(0.065 + 1.96 * (0.065 / time) ** 0.5) * 2)
    assert 0.0497 < above <= 0.05


@pytest.mark.parametrize("end", [1.0, 10.0])
def test_the_r2_of_a_concordance_is_below_that_of_a_fit_but_not_by_much(end):
    rng = np.random.default_rng(1)
    x = rng.normal(size=1500)
    death = rng.exponential(np.exp(-x) / 0.08)
    time, event = np.minimum(death, end), (death < end).astype(int)
    before = (time[:, None] < time) & (event[:, None] == 1)
    concordance = np.mean((x[:, None] > x)[before])
    null, fitted = cox(time, event, x).log_likelihood
    r2 = 1 - np.exp(-2 * (fitted - null) / 1500)
    assert 0.65 * r2 < r2_of_concordance(concordance, event.mean()) < r2


def test_an_r2_that_cannot_be_is_refused():
    with pytest.raises(NotEstimable, match=r"between 0 and 0\.178"):
        binary_development(3, 0.02, 0.3)


def test_a_validation_needs_what_pmvalsampsize_says():
    """905, 4563 (4544 in the paper; both are simulated) and 4252: heart valves, Riley et al. 2021."""
    expected = Expected(0.018, 0.8, (-5, 2.5))
    found = validation(Precision(auc=0.1, slope=0.2, observed_expected=1), expected)
    assert found.auc == 4252
    assert found.observed_expected == pytest.approx(905, abs=1)
    assert found.slope == pytest.approx(4563, rel=0.005)
    assert found.patients == found.slope


@pytest.mark.slow
def test_precision_is_the_other_way_round():
    expected = Expected(0.3, 0.75)
    found = validation(Precision(0.15, 0.5, 0.4), expected)
    for part in ("auc", "slope", "observed_expected"):
        wanted = {"auc": 0.15, "slope": 0.5, "observed_expected": 0.4}[part]
        patients = getattr(found, part)
        assert getattr(precision(patients, expected), part) <= wanted < getattr(precision(patients - 1, expected), part)


@pytest.mark.slow
def test_the_calibration_slope_of_a_calibrated_model_varies_as_expected():
    rng = np.random.default_rng(2)
    apart, share, slopes = 1.3, 0.3, []
    for _ in range(300):
        label = rng.random(400) < share
        x = np.log(share / (1 - share)) - apart / 2 + rng.normal(0, apart**0.5, 400) + apart * label
        slopes.append(LogisticRegression(C=np.inf).fit(x[:, None], label).coef_[0, 0])
    width = precision(400, Expected(share, float(norm.cdf((apart / 2) ** 0.5)))).slope
    assert 2 * 1.96 * np.std(slopes) == pytest.approx(width, rel=0.15)
