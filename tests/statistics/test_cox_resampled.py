"""Cox regression of many samples at once equals one after another."""

import numpy as np
import pytest

from npc.statistics import NotEstimable
from npc.statistics.cox import cox
from npc.statistics.cox_resampled import resampled_cox


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(0, 2, 90), rng.normal(50, 9, 90)])
    time = np.ceil(rng.exponential(20 * np.exp(-0.7 * x[:, 0]), 90))  # many ties
    return time, (rng.random(90) < 0.6).astype(int), x


def test_weights_of_one_give_the_coefficients_of_cox_with_ties(data):
    time, event, x = data
    assert len(np.unique(time[event == 1])) < event.sum() - 10
    found = resampled_cox(time, event, x, np.ones((1, 90)))
    np.testing.assert_allclose(found.coefficient[0], cox(time, event, x).coefficient, atol=1e-8)


def test_a_sample_without_ties_is_that_of_its_patients_repeated(data):
    time, event, x = data
    time = time + np.arange(90) * 1e-6
    weights = np.random.default_rng(1).multinomial(90, np.full(90, 1 / 90), size=3)
    found = resampled_cox(time, event, x, weights)
    for sample, weight in zip(found.coefficient, weights, strict=True):
        seen = weight > 0
        expected = cox(time[seen], event[seen], x[seen], weights=weight[seen].astype(float))
        np.testing.assert_allclose(sample, expected.coefficient, atol=1e-7)


def test_a_covariate_without_bound_is_nan_and_finite_with_a_penalty(data):
    time, event, x = data
    last = (time > np.sort(time)[-12]).astype(float)
    x = np.column_stack([x[:, 0], last])
    event = np.where(last == 1, 0, event)
    assert np.isnan(resampled_cox(time, event, x, np.ones((1, 90))).coefficient).all()
    assert np.isfinite(resampled_cox(time, event, x, np.ones((1, 90)), penalty=0.1).coefficient).all()


def test_no_event_is_not_estimable(data):
    time, event, x = data
    with pytest.raises(NotEstimable, match="no event"):
        resampled_cox(time, 0 * event, x, np.ones((1, 90)))
