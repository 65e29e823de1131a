"""AUC, Brier score and net benefit at a horizon: definitions, variance by leaving patients out, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from npc.statistics import NotEstimable
from npc.statistics.brier import brier, integrated_brier
from npc.statistics.censoring import censoring, known
from npc.statistics.net_benefit import net_benefit
from npc.statistics.time_dependent_auc import time_dependent_auc


def sample(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, event, and a probability of the event by month 36 that is about right."""
    rng = np.random.default_rng(seed)
    predictor = rng.normal(size=n)
    event, censored = rng.exponential(60 * np.exp(-predictor)), rng.uniform(6, 90, n)
    return np.minimum(event, censored).round(1) + 0.1, event <= censored, 1 - np.exp(-36 / 60 * np.exp(predictor))


def test_probability_of_no_censoring_is_that_of_lifelines():
    time, event, _ = sample(80)
    fitted = KaplanMeierFitter().fit(time + 1e-7 * (1 - event), ~event)  # events are before censorings
    at = np.linspace(0, time.max(), 50)
    expected = fitted.survival_function_at_times(np.nextafter(at, 0)).to_numpy()
    assert censoring(time, event).uncensored_before(at) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=10)
@given(st.integers(0, 1000), st.sampled_from([12.0, 36.0, 60.0]))
def test_weights_add_up_to_the_patients(seed, horizon):
    """Those with a known outcome stand for all, and the share with the event is Kaplan-Meier's."""
    time, event, _ = sample(60, seed)
    case, weight = known(censoring(time, event), horizon)
    assert weight.sum() == pytest.approx(60)
    curve = KaplanMeierFitter().fit(time, event)
    assert (weight * case).sum() / 60 == pytest.approx(1 - curve.predict(horizon), abs=1e-9)


def test_without_censoring_they_are_the_plain_scores():
    time, _, p = sample(100)
    label, event = time <= 36, np.ones(100)
    assert time_dependent_auc(time, event, p, 36).estimate == pytest.approx(roc_auc_score(label, p))
    assert brier(time, event, p, 36).score.estimate == pytest.approx(((label - p) ** 2).mean())
    for one in net_benefit(time, event, p, 36, thresholds=(0.2, 0.5)):
        above, odds = p > one.threshold, one.threshold / (1 - one.threshold)
        assert one.model == pytest.approx(((above & label).sum() - odds * (above & ~label).sum()) / 100)


@pytest.mark.slow
@pytest.mark.parametrize("figure", [
    lambda t, d, p: time_dependent_auc(t, d, p, 36),
    lambda t, d, p: brier(t, d, p, 36).score,
    lambda t, d, p: integrated_brier(t, d, np.column_stack([p / 2, p]), [18, 36]).score,
    lambda t, d, p: net_benefit(t, d, p, 36, thresholds=(0.4,))[0],
])  # fmt: skip
def test_intervals_are_those_of_the_jackknife(figure):
    """Each patient left out once; censoring weights included. Wald's, on the scale of the interval."""
    time, event, p = sample(160)
    found = figure(time, event, p)
    value = found.model if hasattr(found, "model") else found.estimate
    n, left = len(time), []
    for i in range(n):
        one = figure(*(np.delete(of, i) for of in (time, event, p)))
        left.append(one.model if hasattr(one, "model") else one.estimate)
    error = np.sqrt((n - 1) / n * ((np.array(left) - np.mean(left)) ** 2).sum())
    low, high = found.ci
    logits = np.diff(np.log([low / (1 - low), high / (1 - high)]))[0]
    ours = logits * value * (1 - value) if low > 0.5 else high - low  # the AUC's is on the logit scale
    assert ours / (2 * norm.ppf(0.975)) == pytest.approx(error, rel=0.05)


def test_a_patient_censored_at_the_horizon_is_free_of_the_event():
    time, event, p = np.array([10.0, 20, 36, 36]), np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.1, 0.3])
    assert time_dependent_auc(time, event, p, 36).estimate == 0.75


@pytest.mark.parametrize(("time", "event", "reason"), [
    ([40, 50, 60, 70], [1, 1, 0, 0], "there is no event by month 36"),
    ([4, 5, 6, 7], [1, 1, 0, 0], "follow-up ends at month 7, before month 36"),
    ([40, 50, 60, 70], [0, 0, 0, 0], "there is no event"),
])  # fmt: skip
def test_horizons_about_which_nothing_is_known_are_refused(time, event, reason):
    p = [0.1, 0.2, 0.3, 0.4]
    for call in (time_dependent_auc, brier, net_benefit):
        with pytest.raises(NotEstimable, match=reason):
            call(time, event, p, 36)


def test_net_benefit_above_all_risks_is_0_and_without_follow_up_unknown():
    time, event = np.array([5.0, 10, 40, 50]), np.array([1, 0, 0, 1])
    low, high = net_benefit(time, event, [0.6, 0.6, 0.1, 0.1], 36, thresholds=(0.3, 0.9))
    assert "follow-up of the patients above the threshold ends at month 10" in str(low.model)
    assert (high.model, high.ci) == (0, None)
