"""Calibration at a horizon: what a right and a wrong model get, and awkward predictions."""

import numpy as np
import pytest

from npc.statistics import NotEstimable
from npc.statistics.survival_calibration import calibration_intercept, observed_expected, smoothed


def sample(n: int = 1200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, event, and the true probability of the event by month 36."""
    rng = np.random.default_rng(0)
    predictor = rng.normal(scale=0.8, size=n)
    event, censored = rng.exponential(60 * np.exp(-predictor)), rng.uniform(6, 120, n)
    return np.minimum(event, censored), event <= censored, 1 - np.exp(-36 / 60 * np.exp(predictor))


@pytest.mark.slow
def test_the_truth_is_calibrated_and_half_of_it_is_not():
    time, event, p = sample()
    assert observed_expected(time, event, p, 36).estimate == pytest.approx(1, abs=0.08)
    assert observed_expected(time, event, p / 2, 36).estimate == pytest.approx(2, abs=0.16)
    right, wrong = (smoothed(time, event, of, 36, draws=50) for of in (p, p / 2))
    assert right.ici.estimate < 0.03
    assert wrong.ici.estimate == pytest.approx((p / 2).mean(), abs=0.02)
    assert wrong.ici.ci[0] > right.ici.ci[1]
    inside = (right.predicted > 0.1) & (right.predicted < 0.9)
    assert (np.abs(right.observed - right.predicted)[inside] < 0.08).all()


def test_intercept_is_the_log_of_observed_over_expected_events():
    found = calibration_intercept([10, 20, 30, 50], [1, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 36)
    assert found.estimate == 0  # the event after the horizon does not count
    assert found.ci[1] == pytest.approx(1.959964 / 2**0.5, abs=1e-6)


@pytest.mark.slow
def test_the_bootstrap_of_many_samples_at_once_is_that_of_one_by_one():
    """The limits of resamples by the same function without the bootstrap; the draws are the same."""
    time, event, p = (of[:120] for of in sample())
    found = smoothed(time, event, p, 36, draws=25, seed=3)
    rng, order = np.random.default_rng(3), np.argsort(np.minimum(time, 36), kind="stable")
    each = []
    for rows in order[rng.integers(0, 120, (25, 120))]:
        apart = time[rows] + 1e-9 * np.arange(120)  # ties of one patient, by Breslow's likelihood: nearly so
        each.append(smoothed(apart, event[rows], p[rows], 36, draws=1).ici.estimate)
    assert found.ici.ci == pytest.approx(np.quantile(each, [0.025, 0.975]), rel=0.05)


def test_two_different_predictions_give_a_line_and_one_gives_none():
    time, event, p = (of[:200] for of in sample())
    two = smoothed(time, event, np.where(p > 0.5, 0.6, 0.3), 36, draws=30)
    assert two.observed[-1] > two.observed[0]
    with pytest.raises(NotEstimable, match="does not vary"):
        smoothed(time, event, np.full(200, 0.4), 36)
    with pytest.raises(NotEstimable, match="0 or 1 has no place"):
        smoothed(time, event, np.round(p), 36)


def test_too_few_events_give_a_curve_without_limits():
    time, event, p = (of[:14] for of in sample())
    found = smoothed(time, event, p, 36, draws=100)
    assert isinstance(found.ici.ci, NotEstimable)
    assert isinstance(found.band, NotEstimable)
    assert np.isfinite(found.observed).all()
