"""The LASSO against R's glmnet, the conditions of its minimum, and what must hold of any data."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.lasso import cross_validated_lasso, kkt_residual, largest_penalty, lasso, stratified_folds


@pytest.fixture(scope="module")
def birthwt(reference):
    data = reference.data("birthwt")
    return data.pop("low").to_numpy(), data


def draw(seed, patients=60, terms=8, kind="plain"):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(patients, terms))
    if kind == "repeated":
        x = np.column_stack([x, x[:, :3], 2 - 3 * x[:, :1]])
    elif kind == "collinear":
        x = np.column_stack([x, x @ rng.normal(size=(terms, 2))])
    elif kind == "tied":
        x = np.round(x)
    elif kind == "binary":
        x = (x > 0).astype(float)
    elif kind == "separated":
        return (x[:, 0] > np.median(x[:, 0])).astype(int), x
    return (rng.random(patients) < 1 / (1 + np.exp(1 - x[:, 0] - 0.5 * x[:, 1]))).astype(int), x


def residuals(label, x, path):
    fits = zip(path.penalty, path.intercept, path.coefficient, strict=True)
    return [kkt_residual(label, x, *fit) for fit in fits]


def test_coefficients_are_those_of_glmnet(reference, birthwt):
    label, x = birthwt
    figures = reference.figures("lasso_logistic")
    assert largest_penalty(label, x) == pytest.approx(figures["lambda_max"], abs=1e-12)
    path = lasso(label, x, figures["lambda"])
    wanted = np.array([list(coef.values()) for coef in figures["coef"]])
    assert np.column_stack([path.intercept, path.coefficient]) == pytest.approx(wanted, abs=1e-6)
    assert ((path.coefficient == 0) == (wanted[:, 1:] == 0)).all()
    assert max(residuals(label, x, path)) < 1e-7


def test_the_grid_is_that_of_glmnet_and_ends_where_nothing_is_gained(birthwt):
    label, x = birthwt
    path = lasso(label, x)
    assert path.penalty[0] == largest_penalty(label, x)
    assert path.penalty[1:] / path.penalty[:-1] == pytest.approx(1e-4 ** (1 / 99))
    assert 5 <= len(path.penalty) < 100
    gain = np.diff(path.explained) / path.explained[1:]
    assert gain[-1] < 1e-5
    assert (gain[4:-1] >= 1e-5).all()
    assert (np.diff(path.explained) > -1e-12).all()


def test_with_fewer_patients_than_terms_the_grid_ends_at_a_hundredth():
    label, x = draw(1, patients=40, terms=60)
    path = lasso(label, x)
    assert path.penalty[-1] >= 0.01 * path.penalty[0] * (1 - 1e-12)
    assert max(residuals(label, x, path)) < 1e-7


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(8, 60),
    st.integers(2, 25),
    st.sampled_from(["plain", "repeated", "collinear", "tied", "binary", "separated"]),
)
def test_the_conditions_of_the_minimum_hold_at_every_penalty(seed, patients, terms, kind):
    label, x = draw(seed, patients, terms, kind)
    assume(0 < label.mean() < 1 and np.ptp(x, axis=0).any())
    assert max(residuals(label, x, lasso(label, x))) < 1e-6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_nothing_enters_at_the_largest_penalty_and_something_just_below(seed):
    label, x = draw(seed)
    top = largest_penalty(label, x)
    path = lasso(label, x, [2 * top, top * (1 + 1e-6), top * (1 - 1e-4)])
    assert not path.coefficient[:2].any()
    assert path.coefficient[2].any()
    assert path.probability(x)[0] == pytest.approx(label.mean())


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-10, 10))
def test_a_columns_units_change_its_coefficient_alone(seed, gain, offset):
    label, x = draw(seed)
    other = x.copy()
    other[:, 2] = gain * x[:, 2] + offset
    grid = largest_penalty(label, x) * np.array([0.5, 0.1, 0.01])
    one, two = lasso(label, x, grid), lasso(label, other, grid)
    two.coefficient[:, 2] *= gain
    assert two.coefficient == pytest.approx(one.coefficient, abs=1e-5)


def test_the_order_of_columns_and_a_worse_start_do_not_matter():
    label, x = draw(5)
    grid = lasso(label, x).penalty
    order = np.random.default_rng(0).permutation(x.shape[1])
    path = lasso(label, x, grid)
    assert lasso(label, x[:, order], grid).coefficient == pytest.approx(path.coefficient[:, order], abs=1e-6)
    assert lasso(label, x, grid[40]).coefficient == pytest.approx(path.coefficient[40:41], abs=1e-6)


def test_a_column_that_does_not_vary_stays_out():
    label, x = draw(6)
    wider = np.column_stack([np.full(len(x), 0.1), x])
    grid = lasso(label, x).penalty
    path = lasso(label, wider, grid)
    assert not path.coefficient[:, 0].any()
    assert path.coefficient[:, 1:] == pytest.approx(lasso(label, x, grid).coefficient, abs=1e-9)


def test_kkt_residual_tells_how_far_a_fit_is_off():
    label, x = draw(7)
    path = lasso(label, x, [0.05])
    shifted = path.coefficient[0].copy()
    shifted[0] += 0.1
    assert kkt_residual(label, x, 0.05, path.intercept[0], shifted) > 1e-3
    assert kkt_residual(label, x, 0.04, path.intercept[0], path.coefficient[0]) == pytest.approx(0.01, abs=1e-6)


@pytest.mark.slow
def test_the_penalty_is_chosen_by_the_deviance_of_patients_left_out():
    label, x = draw(8, patients=150)
    found = cross_validated_lasso(label, x, 10, seed=3)
    assert found.deviance[found.minimum] == found.deviance.min()
    assert found.within_one_error <= found.minimum
    limit = found.deviance[found.minimum] + found.error[found.minimum]
    assert found.deviance[found.within_one_error] <= limit
    assert (found.deviance[: found.within_one_error] > limit).all()
    # by the definition, at one penalty
    fold, means = stratified_folds(label, 10, 3), []
    for held in range(10):
        out = fold == held
        risk = lasso(label[~out], x[~out], found.path.penalty).probability(x[out])[20]
        means.append(-2 * np.log(np.where(label[out] == 1, risk, 1 - risk)).mean())
    weight = np.bincount(fold) / len(label)
    assert found.deviance[20] == pytest.approx(weight @ means)
    spread = np.sqrt(weight @ (np.array(means) - weight @ means) ** 2 / 9)
    assert found.error[20] == pytest.approx(spread)


@pytest.mark.slow
def test_a_seed_gives_the_same_folds_and_another_seed_others():
    label, x = draw(9)
    first, again, other = (cross_validated_lasso(label, x, 5, seed) for seed in (0, 0, 1))
    assert (first.deviance == again.deviance).all()
    assert (first.deviance != other.deviance).any()


@given(st.integers(2, 60), st.integers(2, 60), st.integers(2, 10), st.integers(0, 100))
def test_folds_are_of_one_size_and_one_mixture(negative, positive, folds, seed):
    label = np.repeat([0, 1], [negative, positive])
    assume(folds <= len(label))
    fold = stratified_folds(label, folds, seed)
    for group in (fold, fold[label == 0], fold[label == 1]):
        assert np.ptp(np.bincount(group, minlength=folds)) <= 1


def test_what_cannot_be_estimated_is_told():
    label, x = draw(10)
    with pytest.raises(NotEstimable, match="one class"):
        lasso(np.ones(len(x)), x)
    with pytest.raises(NotEstimable, match="no term varies"):
        lasso(label, np.ones_like(x))
    with pytest.raises(NotEstimable, match="two patients of each class"):
        cross_validated_lasso(np.arange(len(x)) == 0, x)


@pytest.mark.parametrize(
    ("label", "x", "penalty", "told"),
    [
        ([0, 1, 2], np.eye(3), None, "neither 0 nor 1 at index 2"),
        ([0, 1, 1], [[1, 2], [3, np.nan], [5, 6]], None, "index 1, term 1"),
        ([0, 1], np.eye(3), None, "shape"),
        ([0, 1, 1], np.eye(3), [0.1, 0.2], "fall"),
        ([0, 1, 1], np.eye(3), [0.1, 0], "more than 0"),
    ],
)
def test_impossible_input_is_told(label, x, penalty, told):
    with pytest.raises(ValueError, match=told):
        lasso(label, x, penalty)
