"""Logistic regression against R's glm; separation and Firth's remedy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from npc.statistics import NotEstimable
from npc.statistics.logistic import likelihood_ratio, logistic, profile_interval, profile_p

# Endometrial cancer (Heinze and Schemper, Statistics in Medicine 2002): neovasculization, pulsatility index,
# endometrium height, and whether the grade is high. Neovasculization separates.
ENDOMETRIAL = np.array(
    """
    0,13,1.64,0 0,16,2.26,0 0,8,3.14,0 0,34,2.68,0 0,20,1.28,0 0,5,2.31,0 0,17,1.8,0 0,10,1.68,0 0,26,1.56,0
    0,17,2.31,0 0,8,2.01,0 0,7,1.89,0 0,20,3.15,0 0,10,1.23,0 0,18,1.27,0 0,16,1.76,0 0,18,2,0 0,8,2.64,1 0,29,0.88,1
    0,12,1.27,1 0,20,1.37,1 1,38,0.97,1 1,22,1.14,1 1,7,0.88,1 1,25,0.91,1 1,15,0.58,1 0,7,0.97,1 0,28,1.5,0 0,11,1.33,0
    0,19,2.37,0 0,10,1.82,0 0,10,3.13,0 0,18,1.31,0 0,14,1.92,0 0,21,1.64,0 0,11,2.01,0 0,17,1.88,0 0,25,1.93,0
    0,16,2.11,0 0,19,1.29,0 0,15,1.72,0 0,33,0.75,0 0,24,1.92,0 0,48,1.84,1 0,12,1.11,1 0,19,1.61,1 0,2,1.18,1
    1,22,1.44,1 1,40,1.18,1 1,5,0.93,1 1,0,1.17,1 0,21,1.19,1 0,15,1.06,1 0,29,2.02,0 0,15,2.29,0 0,12,2.33,0 0,3,2.9,0
    0,20,1.7,0 0,23,1.41,0 0,12,2.25,0 0,22,1.54,0 0,42,1.97,0 0,15,1.75,0 0,13,2.16,0 0,14,2.57,0 0,19,1.37,0
    0,12,3.61,0 0,13,2.04,0 0,10,2.17,0 0,12,1.69,1 1,49,0.27,1 0,6,1.84,1 0,5,1.3,1 0,17,0.96,1 1,11,1.01,1
    1,21,0.98,1 0,5,0.35,1 1,19,1.02,1 0,33,0.85,1
    """.replace(",", " ").split(),
    dtype=float,
).reshape(79, 4)


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


def test_firths_fit_and_its_intervals_are_those_of_logistf():
    """Figures of R's logistf, as the tests of firthlogist (MIT) print them."""
    x, label = ENDOMETRIAL[:, :3], ENDOMETRIAL[:, 3]
    found = logistic(label, x)
    assert (found.method, found.separation) == ("Firth", "quasi-complete separation")
    assert found.coefficient == pytest.approx([3.77455951, 2.92927330, -0.03475175, -2.60416387], abs=1e-6)
    published = [(0.6097244, 7.85463171), (-0.1244587, 0.04045547), (-4.3651832, -1.23272106)]
    for term, limits in enumerate(published):
        assert profile_interval(label, x, term) == pytest.approx(limits, abs=2e-6)
    p = [profile_p(label, x, term) for term in range(3)]
    assert p == pytest.approx([9.123668e-03, 3.874822e-01, 2.506867e-05], rel=1e-5)


def test_the_p_of_a_profile_is_that_of_nested_models_and_agrees_with_its_interval(reference):
    table = reference.data("birthwt")
    x, label = table[["lwt", "smoke", "ht"]].to_numpy(float), table["low"].to_numpy()
    for term in range(3):
        nested = likelihood_ratio(label, np.delete(x, term, axis=1), x[:, term])
        assert profile_p(label, x, term) == pytest.approx(nested.p, rel=1e-8)
        low, high = profile_interval(label, x, term, 1 - nested.p)
        assert min(abs(low), abs(high)) < 1e-5 * (high - low)


def test_profile_limits_are_where_the_likelihood_ratio_test_rejects(reference):
    table = reference.data("birthwt")
    x, label = table[["lwt", "smoke", "ht"]].to_numpy(float), table["low"].to_numpy()
    x[:, 0] /= 50
    best = logistic(label, x)

    def without(term: int, at: float) -> float:
        """Largest log likelihood with one coefficient held, by a general optimiser."""

        def loss(others: np.ndarray) -> float:
            score = others[0] + np.delete(x, term, axis=1) @ others[1:] + at * x[:, term]
            return np.logaddexp(0, np.where(label == 1, -score, score)).sum()

        return -minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-7}).fun

    for term in range(3):
        limits = profile_interval(label, x, term)
        assert limits[0] < best.coefficient[term + 1] < limits[1]
        for limit in limits:
            assert 2 * (best.log_likelihood - without(term, limit)) == pytest.approx(3.841458820694124, abs=1e-6)


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


@pytest.mark.slow
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


def test_terms_of_very_different_scales_are_not_taken_for_dependent_ones(reference):
    table = reference.data("birthwt")
    terms = table[["lwt", "age"]].to_numpy(dtype=float)
    plain, scaled = logistic(table["low"], terms), logistic(table["low"], terms * [1e10, 1e-8])
    assert scaled.coefficient[1:] * [1e10, 1e-8] == pytest.approx(plain.coefficient[1:], rel=1e-6)
    with pytest.raises(NotEstimable, match="does not vary"):
        logistic(table["low"], np.full((len(table), 1), 0.1))  # the mean of these is not 0.1


def test_undefined_cases_say_why():
    with pytest.raises(NotEstimable, match="one class"):
        logistic([1, 1], [[1], [2]])
    with pytest.raises(NotEstimable, match="follows from the others"):
        logistic([0, 1, 0, 1], np.transpose([[1, 2, 3, 5], [2, 4, 6, 10]]))


@pytest.mark.slow
@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_separated_classes_in_small_samples_are_fitted_and_bounded_from_one_side(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, 2))
    label = (x[:, 0] > np.median(x[:, 0])).astype(int)
    found = logistic(label, x)
    assert (found.method, found.separation) == ("Firth", "complete separation")
    low, high = profile_interval(label, x, 0)
    assert 0 < low < found.coefficient[1] < high


def test_input_that_cannot_be_is_refused_and_its_place_told():
    with pytest.raises(ValueError, match="label is neither 0 nor 1 at index 1"):
        logistic([1, 2, 1], [[1], [2], [4]])
    with pytest.raises(ValueError, match="not finite at index 2, term 1"):
        logistic([1, 0, 1], [[1, 3], [2, 4], [4, np.nan]])
