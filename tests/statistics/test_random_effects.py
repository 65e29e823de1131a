"""Pooling against R's metafor, statsmodels and the restricted likelihood itself."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import t
from statsmodels.stats.meta_analysis import combine_effects

from npc.statistics import NotEstimable
from npc.statistics.random_effects import random_effects

# BCG against tuberculosis (Colditz et al., JAMA 1994), metafor's dat.bcg: cases and others, vaccinated and not.
BCG = np.array([
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
    (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
])  # fmt: skip


@pytest.fixture
def bcg() -> tuple[np.ndarray, np.ndarray]:
    """Log risk ratios and their variances, as metafor's escalc(measure="RR")."""
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def restricted(tau2: float, y: np.ndarray, v: np.ndarray) -> float:
    """Minus the restricted log likelihood."""
    w = 1 / (v + tau2)
    mean = w @ y / w.sum()
    k = len(y)
    return 0.5 * (
        (k - 1) * np.log(2 * np.pi) - np.log(k) + np.log(v + tau2).sum() + np.log(w.sum()) + w @ (y - mean) ** 2
    )


# metafor 3.8-1: predict(rma(yi, vi, data=dat.bcg, method=, test=, control=list(threshold=1e-12)), pi.type="riley")
METAFOR = {
    ("reml", False): (-0.714532342158, 0.179781516105, -1.066897638810, -0.362167045506, 0.000070542581),
    ("reml", True): (-0.714532342158, 0.180791744093, -1.108443713686, -0.320620970631, 0.001920015096),
    ("dl", False): (-0.714117222073, 0.178742089535, -1.064445280084, -0.363789164062, 0.000064629243),
    ("dl", True): (-0.714117222073, 0.180696628336, -1.107821354168, -0.320413089978, 0.001920766767),
}
BETWEEN = {"reml": (0.313243258136, 0.922213845213), "dl": (0.308760262862, 0.921173468546)}


@pytest.mark.parametrize(("method", "hartung_knapp"), list(METAFOR))
def test_the_vaccine_as_metafor_has_it(bcg, method, hartung_knapp):
    found = random_effects(*bcg, method=method, hartung_knapp=hartung_knapp)
    mean = (found.estimate, found.standard_error, *found.ci, found.p)
    assert mean == pytest.approx(METAFOR[method, hartung_knapp], abs=1e-8)
    assert (found.tau2, found.i2) == pytest.approx(BETWEEN[method], abs=1e-8)
    assert (found.q, found.df) == (pytest.approx(152.233008082373, abs=1e-8), 12)
    if (method, hartung_knapp) == ("reml", True):
        assert found.prediction == pytest.approx((-2.009057650371, 0.579992966055), abs=1e-8)


def test_four_hospitals_as_metafor_has_them():
    """rma(c(1.2, 0.7, 1.9, 0.4), c(.09, .16, .25, .12), test="knha"), and predict(..., pi.type="riley")."""
    found = random_effects([1.2, 0.7, 1.9, 0.4], [0.09, 0.16, 0.25, 0.12])
    mean = (found.estimate, found.standard_error, *found.ci, found.p)
    assert mean == pytest.approx(
        (0.998771255274, 0.309080559775, 0.015138969782, 1.982403540765, 0.048163556345), abs=1e-8
    )
    assert found.prediction == pytest.approx((-1.353934036907, 3.351476547454), abs=1e-8)
    assert (found.tau2, found.i2, found.q) == pytest.approx((0.203463204082, 0.591431247255, 7.209619582164), abs=1e-8)


def test_moments_are_those_of_statsmodels(bcg):
    theirs = combine_effects(*bcg, method_re="dl", use_t=True)
    plain, adjusted = (random_effects(*bcg, method="dl", hartung_knapp=of) for of in (False, True))
    assert plain.tau2 == pytest.approx(theirs.tau2, abs=1e-12)
    assert plain.estimate == pytest.approx(theirs.mean_effect_re, abs=1e-12)
    assert plain.standard_error == pytest.approx(theirs.sd_eff_w_re, abs=1e-12)
    assert adjusted.standard_error == pytest.approx(theirs.sd_eff_w_re_hksj, abs=1e-12)
    assert plain.q == pytest.approx(theirs.q, abs=1e-9)
    half = t.ppf(0.975, 12) * theirs.sd_eff_w_re_hksj
    assert adjusted.ci == pytest.approx((theirs.mean_effect_re - half, theirs.mean_effect_re + half), abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_reml_is_at_the_maximum_of_the_restricted_likelihood(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 9))
    v = rng.uniform(0.02, 0.6, k)
    y = rng.normal(1, np.sqrt(v + rng.choice([0, 0.05, 0.5])))
    found = random_effects(y, v).tau2
    best = minimize_scalar(restricted, bounds=(0, 5), args=(y, v), method="bounded", options={"xatol": 1e-10})
    assert restricted(found, y, v) <= best.fun + 1e-9
    assert found == pytest.approx(best.x, abs=1e-5)


def test_a_prediction_interval_needs_three_hospitals(bcg):
    y, v = bcg
    found = random_effects(y, v)
    half = t.ppf(0.975, 11) * np.sqrt(found.tau2 + found.standard_error**2)
    assert found.prediction == pytest.approx((found.estimate - half, found.estimate + half))
    assert isinstance(random_effects(y[:2], v[:2]).prediction, NotEstimable)
    with pytest.raises(NotEstimable, match="two are needed"):
        random_effects(y[:1], v[:1])


def test_equal_estimates_do_not_differ():
    found = random_effects([0.5, 0.5, 0.5], [0.1, 0.2, 0.3], hartung_knapp=False)
    assert (found.tau2, found.q, found.i2) == (0, pytest.approx(0), 0)
    assert found.estimate == pytest.approx(0.5)


@pytest.mark.parametrize(("y", "v"), [([1, 2], [1, 0]), ([1, 2], [1]), ([1, np.nan], [1, 1])])
def test_input_that_cannot_be_pooled_is_refused(y, v):
    with pytest.raises(ValueError, match="must be finite"):
        random_effects(y, v)
