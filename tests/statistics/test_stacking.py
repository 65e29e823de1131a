"""Weights that are not negative, as scipy's bounded optimiser finds them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_expit

from npc.statistics import NotEstimable
from npc.statistics.logistic import logistic
from npc.statistics.stacking import with_positive_weights

RISKS = ["ensemble", "radiomic", "frozen"]


def patients(seed: int, slopes: list[float]) -> tuple[np.ndarray, pd.DataFrame]:
    """Labels; correlated risks that follow the label with these slopes, and the age."""
    generator = np.random.default_rng(seed)
    label = generator.permutation(np.arange(150) % 3 == 0).astype(int)
    shared = label + generator.normal(0, 1.5, 150)
    table = {name: slope * shared + generator.normal(0, 0.7, 150) for name, slope in zip(RISKS, slopes, strict=True)}
    return label, pd.DataFrame({"age": generator.normal(0, 1, 150) - 0.3 * label, **table})


@given(st.integers(0, 2**31), st.lists(st.sampled_from([-0.5, 0, 0.5, 1, 1]), min_size=3, max_size=3))
def test_the_likelihood_is_the_highest_among_weights_that_are_not_negative(seed, slopes):
    label, columns = patients(seed, slopes)
    x = np.column_stack([np.ones(150), columns])
    best = minimize(
        lambda beta: -log_expit((2 * label - 1) * (x @ beta)).sum(),
        np.zeros(5),
        bounds=[(None, None)] * 2 + [(0, None)] * 3,  # intercept and age are free
        options={"ftol": 1e-15, "gtol": 1e-9},
    )
    if (best.x[2:] == 0).all():
        with pytest.raises(NotEstimable, match="no signature has a positive weight"):
            with_positive_weights(label, columns, RISKS)
        return
    kept = with_positive_weights(label, columns, RISKS)
    fitted = logistic(label, columns[[*kept, "age"]])
    weight = dict.fromkeys(RISKS, 0.0) | dict(zip(kept, fitted.coefficient[1:], strict=False))
    np.testing.assert_allclose(list(weight.values()), best.x[2:], atol=1e-3)
    assert fitted.log_likelihood >= -best.fun - 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_with_separated_classes_no_risk_is_lost_whose_weight_is_positive(seed):
    """The level of a clinical variable without events separates; Firth's fit of all risks is kept where it can be."""
    label, columns = patients(seed, [1, 1, 1])
    columns["stage"] = (np.arange(150) % 10 == 0) & (label == 0)
    columns = columns.astype(float)
    fitted = logistic(label, columns)
    assert fitted.separation
    kept = with_positive_weights(label, columns, RISKS)
    weights = logistic(label, columns[[*kept, "age", "stage"]]).coefficient[1 : len(kept) + 1]
    assert (weights > 0).all()
    assert (kept == RISKS) == (fitted.coefficient[2:5] > 0).all()


def test_each_kind_of_answer_is_found():
    """Each of the risks is left out of some regressions, and none of others."""
    answers = set()
    for seed in range(40):
        label, columns = patients(seed, [1, 1, 1])
        answers.add(tuple(with_positive_weights(label, columns, RISKS)))
    assert {tuple(RISKS), *(tuple(some) for some in (RISKS[:2], RISKS[1:], RISKS[::2]))} <= answers
    assert {tuple(with_positive_weights(*patients(seed, [1, -1, 0]), RISKS)) for seed in range(9)} >= {("ensemble",)}
    with pytest.raises(NotEstimable, match="no signature has a positive weight"):
        with_positive_weights(label, -columns, RISKS)
    with pytest.raises(NotEstimable, match="does not vary"):
        with_positive_weights(label, columns.assign(frozen=1.0), RISKS)
