"""Logistic regression against R's glm; separation and Firth's remedy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.logistic import logistic


def test_coefficients_and_aic_are_those_of_rs_glm(reference):
    expected, table = reference.figures("stepwise_aic")["backward"], reference.data("birthwt")
    found = logistic(table["low"], table[expected["terms"]])
    assert found.method == "maximum likelihood"
    assert found.aic == pytest.approx(expected["aic"], abs=1e-8)
    assert -2 * found.log_likelihood == pytest.approx(expected["deviance"], abs=1e-8)
    assert found.coefficient == pytest.approx(
        [expected["coef"][k] for k in ("(Intercept)", *expected["terms"])], abs=1e-8
    )


def test_the_mean_chance_is_the_share_of_events(reference):
    table = reference.data("birthwt")
    found = logistic(table["low"], table.drop(columns="low"))
    assert found.probability(table.drop(columns="low")).mean() == pytest.approx(table["low"].mean(), abs=1e-10)


def test_complete_and_quasi_complete_separation_are_named():
    x = np.arange(8.0)[:, None]
    assert logistic(x[:, 0] > 3, x).separation == "complete separation"
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1.0])[:, None]
    quasi = logistic([0, 1, 0, 1, 1, 1, 1, 1], group)
    assert (quasi.separation, quasi.method) == ("quasi-complete separation", "Firth")
    assert logistic([0, 1, 0, 1, 1, 0, 1, 1], group).separation is None


def test_firths_odds_ratio_of_a_two_by_two_table_adds_a_half_to_each_cell():
    # saturated model: Firth's is the log odds ratio with 1/2 added (Heinze and Schemper, 2002)
    group = np.repeat([0.0, 1.0], [10, 6])
    label = np.array([1] * 4 + [0] * 6 + [1] * 6)
    found = logistic(label, group[:, None])
    assert found.method == "Firth"
    assert found.odds_ratio(0)[0] == pytest.approx((6.5 * 6.5) / (0.5 * 4.5), rel=1e-8)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-100, 100))
def test_the_units_of_a_term_do_not_matter(seed, gain, offset):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 2))
    label = (x[:, 0] + rng.logistic(size=60) > 0).astype(int)
    if len(np.unique(label)) < 2:
        return
    one, other = logistic(label, x), logistic(label, x * [gain, 1] + [offset, 0])
    assert other.coefficient[1] * gain == pytest.approx(one.coefficient[1], rel=1e-6, abs=1e-8)
    assert other.aic == pytest.approx(one.aic, abs=1e-7)
    assert other.p[1:] == pytest.approx(one.p[1:], rel=1e-5, abs=1e-8)


def test_undefined_cases_say_why():
    with pytest.raises(NotEstimable, match="one class"):
        logistic([1, 1], [[1], [2]])
    with pytest.raises(NotEstimable, match="follows from the others"):
        logistic([0, 1, 0, 1], np.transpose([[1, 2, 3, 5], [2, 4, 6, 10]]))
