"""What a risk adds to other covariates, against nested models of statsmodels, and partial correlation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, pearsonr
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.regression.linear_model import OLS

from npc.statistics import NotEstimable
from npc.statistics.added_value import added_value, normal_scores
from npc.statistics.partial_correlation import partial_correlation

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, n: int = 90) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    other = rng.normal(size=n)
    risk = 0.5 * other + rng.normal(size=n)
    return {
        "time": np.ceil(rng.exponential(20 * np.exp(-0.5 * risk))),
        "event": rng.integers(0, 2, n),
        "risk": risk,
        "others": other,
        "strata": rng.integers(0, 2, n),
    }


@pytest.mark.slow
@settings(max_examples=10)
@given(seeds)
def test_the_test_is_that_of_nested_models_of_statsmodels(seed):
    data = sample(seed)
    scores = np.empty(90)
    for label in (0, 1):
        scores[data["strata"] == label] = normal_scores(data["risk"][data["strata"] == label])

    def fitted(*columns: np.ndarray):
        model = PHReg(data["time"], np.column_stack(columns), data["event"], strata=data["strata"], ties="efron")
        return model.fit(method="newton", maxiter=100, tol=1e-12)

    before, after = fitted(data["others"]), fitted(scores, data["others"])
    found = added_value(**data)
    assert found.test.chi2 == pytest.approx(2 * (after.llf - before.llf), abs=1e-7)
    assert found.test.df == 1
    design = np.column_stack([data["strata"] == 0, data["strata"] == 1, data["others"]]).astype(float)
    spread = OLS(scores, design).fit().resid.std()
    assert found.hazard_ratio == pytest.approx(np.exp(after.params[0] * spread), rel=1e-7)
    assert found.ci[1] == pytest.approx(np.exp((after.params[0] + norm.ppf(0.975) * after.bse[0]) * spread), rel=1e-6)
    assert found.events == data["event"].sum()


@pytest.mark.slow
@settings(max_examples=20)
@given(seeds, st.sampled_from([np.exp, np.cbrt, lambda x: 1 / (1 + np.exp(-x)), lambda x: 1e6 * x - 3]))
def test_the_scale_of_the_risk_does_not_matter(seed, scale):
    data = sample(seed)
    one, other = added_value(**data), added_value(**data | {"risk": scale(data["risk"])})
    assert one.test.chi2 == pytest.approx(other.test.chi2, rel=1e-9)


def test_a_risk_that_follows_from_the_others_adds_nothing_that_can_be_tested():
    data = sample(1)
    scores = normal_scores(data["others"])
    data |= {"risk": data["others"], "others": scores, "strata": np.zeros(90)}
    with pytest.raises(NotEstimable, match="follows from the others"):
        added_value(**data)


def test_blom_scores():
    """R: qnorm((rank(c(3, 1, 2)) - 3/8) / (3 + 1/4))."""
    assert normal_scores([3, 1, 2]) == pytest.approx([0.8694238, -0.8694238, 0.0], abs=1e-7)


@given(seeds)
def test_partial_correlation_is_the_formula_of_three_correlations(seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=40)
    x, y = z + rng.normal(size=40), rng.normal(size=40) - z
    xy, xz, yz = (pearsonr(*pair)[0] for pair in ((x, y), (x, z), (y, z)))
    assert partial_correlation(x, y, z) == pytest.approx((xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2)), abs=1e-9)


def test_partial_correlation_of_what_follows_from_the_given():
    with pytest.raises(NotEstimable, match="does not vary"):
        partial_correlation([1, 2, 3, 4], [2, 1, 4, 3], [2, 4, 6, 8])
