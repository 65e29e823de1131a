"""Thresholds and shares, against pROC and statsmodels' published conventions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from npc.statistics import NotEstimable
from npc.statistics.classification import classify, proportion, youden_threshold


@pytest.mark.parametrize("marker", ["s100b", "ndka", "wfns"])
def test_youdens_threshold_is_that_of_proc(reference, marker):
    expected, table = reference.figures("roc_delong")["single"][marker]["youden"], reference.data("asah")
    threshold = youden_threshold(table["outcome"], table[marker])
    assert threshold == pytest.approx(expected["threshold"], abs=1e-12)
    shares = classify(table["outcome"], table[marker], threshold)
    assert shares["sensitivity"].estimate == pytest.approx(expected["sensitivity"], abs=1e-12)
    assert shares["specificity"].estimate == pytest.approx(expected["specificity"], abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_no_other_threshold_has_a_higher_index(seed, levels):
    rng = np.random.default_rng(seed)
    label, risk = np.append([0, 1], rng.integers(0, 2, 15)), rng.integers(0, levels, 17) / 7

    def index(threshold: float) -> float:
        return risk_above(label == 1, threshold) - risk_above(label == 0, threshold)

    def risk_above(of: np.ndarray, threshold: float) -> float:
        return (risk[of] > threshold).mean()

    others = max((index(value) for value in np.unique(risk)[:-1]), default=0)
    assert index(youden_threshold(label, risk)) == pytest.approx(others, abs=1e-12)


def test_neighbouring_risks_are_still_told_apart():
    low = 0.1
    high = np.nextafter(low, 1)
    assert classify([0, 1], [low, high], youden_threshold([0, 1], [low, high]))["accuracy"].estimate == 1


@given(st.integers(0, 60), st.integers(1, 60))
def test_wilsons_interval_is_scipys(count, n):
    count = min(count, n)
    limits = binomtest(count, n).proportion_ci(method="wilson")
    assert proportion(count, n).ci == pytest.approx((limits.low, limits.high), abs=1e-12)


def test_a_share_of_nobody_has_no_estimate():
    shares = classify([0, 1], [0.1, 0.2], 0.5)
    assert (shares["ppv"].n, shares["ppv"].estimate, shares["ppv"].ci) == (0, None, None)
    assert (shares["npv"].count, shares["npv"].n) == (1, 2)


def test_a_missing_risk_is_not_a_low_one():
    with pytest.raises(ValueError, match="risk is not finite at index 1"):
        classify([0, 1], [0.1, np.nan], 0.5)
    with pytest.raises(ValueError, match="threshold"):
        classify([0, 1], [0.1, 0.2], np.nan)


def test_one_class_has_no_threshold():
    with pytest.raises(NotEstimable):
        youden_threshold([1, 1], [1, 2])
