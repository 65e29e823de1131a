"""Ridge Cox regression against lifelines and against npc's own likelihood."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.optimize import check_grad

from npc.frozen.cox import CoxRidge, PartialLikelihood
from npc.statistics.cox import cox


def draw(patients: int, features: int, seed: int = 0, tied: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(patients, features))
    time = rng.exponential(np.exp(-0.5 * x[:, 0]))
    time = np.ceil(8 * time) if tied else time
    return x, np.column_stack([time, rng.random(patients) < 0.6]).astype(float)


def test_the_likelihood_and_its_derivative_with_ties():
    x, y = draw(60, 2)
    likelihood = PartialLikelihood(*y.T)
    fitted = cox(y[:, 0], y[:, 1], x)
    assert likelihood(x @ fitted.coefficient)[0] == pytest.approx(fitted.log_likelihood[1])
    assert likelihood(np.zeros(60))[0] == pytest.approx(fitted.log_likelihood[0])
    at = np.random.default_rng(1).normal(size=60)
    assert check_grad(lambda eta: likelihood(eta)[0], lambda eta: likelihood(eta)[1], at) < 1e-5


@pytest.mark.parametrize("C", [0.01, 1.0])
def test_coefficients_are_those_of_lifelines(C):
    """Which penalises the mean log likelihood and coefficients of covariates with SD 1 (divisor n - 1)."""
    x, y = draw(80, 4)
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    table = pd.DataFrame(x).assign(time=y[:, 0], event=y[:, 1])
    theirs = CoxPHFitter(penalizer=1 / (C * len(x))).fit(table, "time", "event", fit_options={"precision": 1e-12})
    np.testing.assert_allclose(CoxRidge(C).fit(x, y).coef_, theirs.params_, atol=1e-4)


def test_more_features_than_patients():
    x, y = draw(40, 300, tied=False)
    weak, strong = CoxRidge(10.0).fit(x, y), CoxRidge(1e-6).fit(x, y)
    assert weak.score(x, y) > strong.score(x, y)
    assert np.abs(strong.coef_).max() < 1e-3
