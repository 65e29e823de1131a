"""Aalen-Johansen estimates against R's survival 3.5.3, lifelines and Kaplan-Meier."""

import numpy as np
import pytest
from lifelines import AalenJohansenFitter

from npc.statistics.cumulative_incidence import cumulative_incidence
from npc.statistics.kaplan_meier import kaplan_meier


def test_tied_times_and_their_errors_are_those_of_r():
    """`survfit(Surv(time, factor(cause)) ~ 1)` of these twelve, at 3 and 6."""
    time, cause = [1, 2, 2, 3, 3, 3, 4, 5, 5, 6, 7, 8], [1, 2, 1, 0, 1, 1, 2, 0, 1, 2, 0, 1]
    found = cumulative_incidence(time, cause)
    place = np.searchsorted(found.time, [3, 6])
    assert found.incidence[place] == pytest.approx([0.333333333333, 0.430555555556], abs=1e-8)
    assert found.standard_error[place] == pytest.approx([0.136082763488, 0.146822045221], abs=1e-8)


def test_distinct_times_are_those_of_lifelines():
    rng = np.random.default_rng(0)
    time, cause = rng.exponential(20, 150), rng.integers(0, 3, 150)
    expected = AalenJohansenFitter(calculate_variance=False).fit(time, cause, event_of_interest=2).cumulative_density_
    found = cumulative_incidence(time, cause, of=2)
    assert found.incidence == pytest.approx(expected.to_numpy()[1:, 0], abs=1e-10)


def test_without_another_cause_it_is_1_minus_kaplan_meier():
    rng = np.random.default_rng(1)
    time, event = rng.integers(1, 20, 60), rng.integers(0, 2, 60)
    curve, found = kaplan_meier(time, event), cumulative_incidence(time, event)
    assert found.incidence == pytest.approx(1 - curve.survival)
    assert found.standard_error == pytest.approx(curve.standard_error)  # Greenwood's is the infinitesimal jackknife's
