"""Calibration: what must hold of the predictions of a fitted model, right and distorted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss

from npc.statistics import NotEstimable
from npc.statistics.calibration import calibration, calibration_curve
from npc.statistics.logistic import logistic


@pytest.fixture(scope="module")
def fitted() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 2))
    label = (x[:, 0] + rng.logistic(size=300) > 1).astype(int)
    return label, logistic(label, x).probability(x)


def test_a_model_is_calibrated_where_it_was_fitted(fitted):
    label, chance = fitted
    found = calibration(label, chance)
    assert (found.intercept, found.slope) == pytest.approx((0, 1), abs=1e-9)
    assert found.expected == pytest.approx(found.observed, abs=1e-9)
    assert found.brier == pytest.approx(brier_score_loss(label, chance), abs=1e-12)
    assert found.intercept_ci == pytest.approx((-found.intercept_ci[1], found.intercept_ci[1]), abs=1e-9)


@pytest.mark.slow
@given(st.floats(-3, 3), st.floats(0.3, 4))
def test_distorted_odds_are_told_back(fitted, shift, stretch):
    label, chance = fitted
    assert calibration(label, expit(logit(chance) + shift)).intercept == pytest.approx(-shift, abs=1e-7)
    found = calibration(label, expit(stretch * logit(chance)))
    assert found.slope == pytest.approx(1 / stretch, rel=1e-7)
    assert found.slope_ci[0] < found.slope < found.slope_ci[1]


def test_the_intercept_and_its_interval_by_hand():
    """30 of 100 have the event; the chance was 0.2 for all, but for rounding."""
    label = np.repeat([1, 0], [30, 70])
    chance = np.where(np.arange(100) % 2, 0.2, 0.2 + 1e-9)
    found = calibration(label, chance)
    assert found.intercept == pytest.approx(logit(0.3) - logit(0.2), abs=1e-6)
    assert np.diff(found.intercept_ci)[0] == pytest.approx(2 * 1.959963984540054 / (100 * 0.3 * 0.7) ** 0.5, abs=1e-6)


def test_the_curve_groups_by_rising_chance_and_keeps_ties_together(fitted):
    label, chance = fitted
    curve = calibration_curve(label, chance, groups=5)
    assert [group.observed.n for group in curve] == [60] * 5
    assert sum(group.observed.count for group in curve) == label.sum()
    assert np.diff([group.predicted for group in curve]).min() > 0
    tied = calibration_curve([0, 1, 0, 1, 1, 0], [0.1, 0.1, 0.1, 0.1, 0.1, 0.9], groups=3)
    assert [(group.predicted, group.observed.count, group.observed.n) for group in tied] == [
        (pytest.approx(0.1), 3, 5),
        (0.9, 0, 1),
    ]


def test_undefined_cases_say_why():
    with pytest.raises(NotEstimable, match="0 of 2"):
        calibration([0, 0], [0.1, 0.2])
    with pytest.raises(NotEstimable, match="no log odds"):
        calibration([0, 1, 1], [0, 0.5, 0.2])
    with pytest.raises(NotEstimable, match="complete separation"):
        calibration([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(NotEstimable, match="does not vary"):
        calibration([0, 1], [0.5, 0.5])
    with pytest.raises(ValueError, match="between 0 and 1 at index 1"):
        calibration([0, 1], [0.5, 1.5])
