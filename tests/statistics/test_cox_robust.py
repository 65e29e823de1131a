"""Weighted Cox regression and its robust variance against R 4.2.2, survival 3.5.3 (`coxph(weights=, robust=TRUE)`)."""

import numpy as np
import pytest
from scipy.stats import norm

from npc.statistics.cox import Cox, cox

# coxph(Surv(ceiling(time / 60), event) ~ age + sex, lung, robust = TRUE), weighted by (1 + (row - 1) %% 7) / 4 and not:
# coefficients, robust and model-based standard errors, log likelihoods
LUNG = {
    True: (
        (0.0135023003718232, -0.5797353541019231), (0.0104794071989405, 0.1747640283341124),
        (0.00923984242031975, 0.17180791449624847), (-745.145153154210, -737.586273575585),
    ),
    False: (
        (0.0178880203638699, -0.5350458948838387), (0.00942238304892754, 0.16031913809187634),
        (0.0091445072312416, 0.1674741015534460), (-754.180429260378, -746.441603702048),
    ),
}  # fmt: skip
# coxph(Surv(ceiling(time / 30), status) ~ trt + karno + strata(celltype), veteran, robust = TRUE), weighted by
# (1 + (row - 1) %% 5) / 3
VETERAN = (
    (0.2598132137528963, -0.0336836779649576), (0.17571117476822964, 0.00479932257659085),
    (0.20191465753543678, 0.00562215723336156), (-336.335906273653, -317.621553995202),
)  # fmt: skip


def figures(robust: Cox, plain: Cox) -> np.ndarray:
    return np.array([robust.coefficient, robust.standard_error, plain.standard_error, robust.log_likelihood])


@pytest.mark.parametrize("weighted", [True, False])
def test_weights_and_robust_variance_with_many_ties_are_those_of_r(reference, weighted):
    lung = reference.data("lung")
    data = np.ceil(lung["time"] / 60), lung["event"], lung[["age", "sex"]]
    weights = (1 + np.arange(len(lung)) % 7) / 4 if weighted else None
    found = figures(cox(*data, weights=weights, robust=True), cox(*data, weights=weights))
    np.testing.assert_allclose(found, LUNG[weighted], atol=1e-8)


def test_strata_with_weights_are_those_of_r(reference):
    table = reference.data("veteran")
    data = np.ceil(table["time"] / 30), table["status"], table[["trt", "karno"]], table["celltype"]
    weights = (1 + np.arange(len(table)) % 5) / 3
    found = figures(cox(*data, weights=weights, robust=True), cox(*data, weights=weights))
    np.testing.assert_allclose(found, VETERAN, atol=1e-8)


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(7)
    time, event, x, weight = (
        rng.integers(1, 8, 60),
        rng.integers(0, 2, 60),
        rng.normal(size=60),
        rng.uniform(0.1, 9, 60),
    )
    first = cox(time, event, x, weights=weight, robust=True)
    for _ in range(5):
        rows = rng.permutation(60)
        again = cox(time[rows], event[rows], x[rows], weights=weight[rows], robust=True)
        assert again.coefficient == pytest.approx(first.coefficient, abs=1e-12)
        assert again.standard_error == pytest.approx(first.standard_error, abs=1e-12)


def test_whole_weights_without_ties_are_repeated_rows_of_which_one_has_the_event():
    """A weight of an event weighs its term as well, so only subjects without event can be repeated exactly."""
    rng = np.random.default_rng(8)
    time, event, x = rng.permutation(50) + 1.0, rng.integers(0, 2, 50), rng.normal(size=50)
    weight = np.where(event == 1, 1, rng.integers(1, 5, 50))
    rows = np.repeat(np.arange(50), weight)
    one, other = cox(time, event, x, weights=weight), cox(time[rows], event[rows], x[rows])
    assert one.coefficient == pytest.approx(other.coefficient, abs=1e-10)
    assert one.standard_error == pytest.approx(other.standard_error, abs=1e-10)


def test_the_factor_of_all_weights_matters_to_the_model_based_variance_alone():
    rng = np.random.default_rng(9)
    time, event, x, weight = rng.integers(1, 30, 80), rng.integers(0, 2, 80), rng.normal(size=80), rng.uniform(1, 3, 80)
    one, four = (cox(time, event, x, weights=k * weight, robust=True) for k in (1, 4))
    assert four.coefficient == pytest.approx(one.coefficient, abs=1e-10)
    assert four.standard_error == pytest.approx(one.standard_error, abs=1e-10)
    assert four.p == pytest.approx(2 * norm.sf(abs(four.coefficient / four.standard_error)))
    plain = [cox(time, event, x, weights=k * weight).standard_error for k in (1, 4)]
    assert plain[0] == pytest.approx(2 * plain[1])


def test_steps_are_halved_where_a_full_one_goes_too_far():
    """Three of R's eight steps here: its fit with `eps = 1e-14`."""
    time = [6, 8, 2, 8, 8, 7, 7, 1, 2, 1, 8, 3, 4, 8, 3, 9, 3, 5, 8, 8, 5, 3, 9, 8, 7, 8, 2, 1, 2, 9]
    event = [1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1]
    x = [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    weights = [
        0.31, 549.8, 3.33, 6.48, 0.37, 1.31, 4.28, 0.47, 1.61, 0.84, 0.76, 0.24, 4.69, 1.13, 11.74, 2.61, 0.13, 2.76,
        2.6, 18.29, 2.04, 3.47, 33.08, 15.43, 0.73, 61.99, 0.6, 0.81, 13.96, 1.12,
    ]  # fmt: skip
    found = cox(time, event, x, weights=weights, robust=True)
    assert found.coefficient == pytest.approx([4.07520298261281], abs=1e-8)
    assert found.standard_error == pytest.approx([0.978620478890116], abs=1e-8)
    assert found.log_likelihood == pytest.approx([-337.135063275703, -255.046251036598], abs=1e-8)


@pytest.mark.parametrize("weights", [[1, 0, 1], [1, np.nan, 1], [1, 1]])
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(ValueError, match="weights must be above 0"):
        cox([1, 2, 3], [1, 1, 0], [0, 1, 1], weights=weights)
