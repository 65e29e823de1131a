"""The subdistribution hazard ratio where it follows from a Cox regression, and where its truth is known."""

import numpy as np
import pytest

from npc.statistics import NotEstimable
from npc.statistics.cox import cox
from npc.statistics.fine_gray import fine_gray


def sample(n: int = 120, seed: int = 0, *, months: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    time = rng.exponential(np.exp(-0.5 * x[:, 0])) * 30 + 0.1
    return np.ceil(time) if months else time, rng.integers(0, 3, n), x


@pytest.mark.parametrize("months", [False, True], ids=["distinct", "tied"])
def test_without_a_competing_event_it_is_cox_regression(months):
    time, cause, x = sample(months=months)
    found, expected = fine_gray(time, cause == 1, x), cox(time, cause == 1, x, robust=True)
    np.testing.assert_allclose(found.coefficient, expected.coefficient, rtol=1e-8)
    np.testing.assert_allclose(found.standard_error, expected.standard_error, rtol=1e-8)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood)


@pytest.mark.parametrize("months", [False, True], ids=["distinct", "tied"])
@pytest.mark.parametrize("of", [1, 2])
def test_without_censoring_the_competing_event_never_ends_the_follow_up(months, of):
    time, cause, x = sample(months=months)
    cause = np.where(cause == 0, 1, cause)
    endless = np.where(cause == of, time, 1e6)
    found, expected = fine_gray(time, cause, x, of), cox(endless, cause == of, x, robust=True)
    np.testing.assert_allclose(found.coefficient, expected.coefficient, rtol=1e-8)
    np.testing.assert_allclose(found.standard_error, expected.standard_error, rtol=1e-8)


def test_with_censoring_it_is_the_weighted_likelihood_by_hand():
    """Of one covariate with values 0 and 1; the root of the score, with a weight for each patient and event time."""
    time = np.array([1.0, 2, 3, 4, 5, 6, 7, 8])
    cause = np.array([1, 2, 0, 1, 2, 0, 1, 1])
    x = np.array([1.0, 0, 1, 0, 1, 1, 0, 1])
    # of those at risk of censoring at 3 there are six, at 6 three
    free = {1: 1.0, 2: 1.0, 4: 5 / 6, 5: 5 / 6, 7: 5 / 6 * 2 / 3, 8: 5 / 6 * 2 / 3}

    def score(beta: float) -> float:
        total = 0.0
        for at in (1, 4, 7, 8):
            weight = np.where(time >= at, 1.0, np.where(cause == 2, [free[at] / free.get(t, 1) for t in time], 0.0))
            relative = weight * np.exp(beta * x)
            total += x[time == at][0] - (relative * x).sum() / relative.sum()
        return total

    found = fine_gray(time, cause, x).coefficient[0]
    assert score(found) == pytest.approx(0, abs=1e-8)
    assert abs(score(found + 0.1)) > 1e-2


def test_the_truth_of_a_simulation_is_covered():
    """Fine and Gray's own simulation: the subdistribution hazard of cause 1 is proportional, with log ratio 0.5."""
    inside = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        n, share = 150, 0.5
        x = rng.integers(0, 2, n).astype(float)
        first = rng.random(n) < 1 - (1 - share) ** np.exp(0.5 * x)
        u = rng.random(n)
        # the distribution of the time given cause 1
        whole = 1 - (1 - share) ** np.exp(0.5 * x)
        time = -np.log(1 - (1 - (1 - u * whole) ** np.exp(-0.5 * x)) / share)
        time = np.where(first, time, rng.exponential(1, n))
        censored = rng.uniform(0.2, 3, n)
        cause = np.where(time <= censored, np.where(first, 1, 2), 0)
        _, (low, high) = fine_gray(np.minimum(time, censored), cause, x).hazard_ratio()
        inside.append(low <= np.exp(0.5) <= high)
    assert np.mean(inside) >= 0.84


def test_what_cannot_be_estimated_says_why():
    with pytest.raises(NotEstimable, match="no event"):
        fine_gray([1, 2, 3], [0, 2, 2], [0, 1, 0])
    with pytest.raises(NotEstimable, match="does not vary"):
        fine_gray([1, 2, 3], [1, 1, 2], [1, 1, 1])
