"""ICC against R's psych, and what must hold of any ratings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npc.statistics import NotEstimable
from npc.statistics.icc import icc

# Shrout and Fleiss, 1979, Table 2; figures by psych 2.2.9 (R).
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
PSYCH = {
    "ICC2": (0.289763779527559, (0.018786513374712, 0.761084369648953)),
    "ICC3": (0.714840714840715, (0.342464765033925, 0.94585825995536)),
}


def test_both_coefficients_are_those_of_psych():
    for found, (estimate, ci) in zip(icc(RATINGS), PSYCH.values(), strict=True):
        assert found.estimate == pytest.approx(estimate, abs=1e-12)
        assert found.ci == pytest.approx(ci, abs=1e-8)
        assert found.f == pytest.approx(11.0272479564033, abs=1e-10)
        assert found.p == pytest.approx(0.000134566516484337, abs=1e-12)


@given(arrays(float, (6, 3), elements=st.floats(-100, 100, width=16)), st.floats(0.1, 10), st.floats(-50, 50))
def test_the_scale_of_the_ratings_does_not_matter(ratings, gain, offset):
    if np.ptp(ratings.mean(axis=1)) < 1:
        return
    try:
        found = icc(ratings)
    except NotEstimable:
        with pytest.raises(NotEstimable):
            icc(gain * ratings + offset)
        return
    for one, other in zip(found, icc(gain * ratings + offset), strict=True):
        assert one.estimate == pytest.approx(other.estimate, abs=1e-6)
        assert one.ci == pytest.approx(other.ci, abs=1e-5)


@given(arrays(float, (8, 2), elements=st.floats(-10, 10, width=16)), st.floats(-5, 5))
def test_a_rater_who_always_adds_the_same_costs_agreement_but_not_consistency(ratings, shift):
    if np.ptp(ratings.mean(axis=1)) < 1:
        return
    centred = ratings - ratings.mean(axis=0) + ratings.mean()
    shifted = centred + np.array([0, shift])
    assert icc(shifted)[1].estimate == pytest.approx(icc(centred)[1].estimate, abs=1e-9)
    assert icc(shifted)[0].estimate <= icc(centred)[0].estimate + 1e-9 or icc(centred)[0].estimate < 0


def test_raters_who_say_the_same_agree_wholly():
    same = np.repeat(np.arange(5.0)[:, None], 3, axis=1)
    assert [(found.estimate, found.ci) for found in icc(same)] == [(1.0, (1.0, 1.0))] * 2


@pytest.mark.parametrize("ratings", [[[1, 2]], [[1], [2]], [[3, 3], [3, 3]], [[1, 2], [2, 1]]])
def test_what_says_nothing_is_not_estimable(ratings):
    with pytest.raises(NotEstimable):
        icc(ratings)


def test_an_interval_beyond_reckoning_is_not_estimable():
    """Three subjects whose means are nearly the same: Satterthwaite's degrees of freedom vanish."""
    with pytest.raises(NotEstimable, match="3 subjects are too few"):
        icc([[2, 0, 1], [0, 2, 1], [2, 1, 1e-6]])


def test_a_missing_rating_is_refused():
    with pytest.raises(ValueError, match="finite"):
        icc([[1, 2], [np.nan, 3]])


def test_a_sum_of_squares_lost_by_rounding_is_not_estimable():
    """Subjects and raters differ by far less than what is left: the variance of all ratings is lost."""
    with pytest.raises(NotEstimable, match="nearly the same mean"):
        icc([[1, -1 + 2e-15], [-1, 1]])


@given(arrays(float, (2, 2), elements=st.floats(-1e6, 1e6)))
def test_two_subjects_have_finite_limits_or_none(ratings):
    """Their quantiles may be finite and yet too large for the products of the limits."""
    try:
        one, other = icc(ratings)
    except NotEstimable:
        return
    assert np.isfinite([*one.ci, *other.ci]).all()
