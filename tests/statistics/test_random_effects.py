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


def test_the_vaccine_as_metafor_prints_it(bcg):
    """rma(yi, vi, data=dat.bcg), and with method="DL"; metafor's documentation has four digits."""
    found = random_effects(*bcg, hartung_knapp=False)
    assert (found.estimate, found.standard_error) == pytest.approx((-0.7145, 0.1798), abs=5e-5)
    assert found.ci == pytest.approx((-1.0669, -0.3622), abs=5e-5)
    assert (found.tau2, found.q, found.df) == pytest.approx((0.3132, 152.2330, 12), abs=5e-5)
    assert found.q_p < 1e-4
    # seven digits of metafor's I2 and AIC in the tests of R's performance, which fix tau2 to 1e-6
    assert found.i2 == pytest.approx(0.9222139, abs=1e-7)
    assert 2 * restricted(found.tau2, *bcg) + 4 == pytest.approx(28.40474, abs=5e-6)
    moments = random_effects(*bcg, method="dl", hartung_knapp=False)
    assert (moments.estimate, moments.standard_error) == pytest.approx((-0.7141, 0.1787), abs=5e-5)
    assert moments.tau2 == pytest.approx(0.3088, abs=5e-5)


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
