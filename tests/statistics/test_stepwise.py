"""Stepwise selection against R's MASS, and what must hold of any data."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.logistic import logistic
from npc.statistics.separation import separation
from npc.statistics.stepwise import CONSTANT, FEW, FOLLOWS, SEPARATES, estimable, stepwise_aic


@pytest.mark.parametrize(("name", "direction"), [("backward", "backward"), ("both_from_null", "both")])
def test_path_terms_and_aic_are_those_of_mass(reference, name, direction):
    data = reference.data("birthwt")
    label = data.pop("low").to_numpy()
    wanted = reference.figures("stepwise_aic")[name]
    found = stepwise_aic(label, data, direction)
    names = [data.columns[term] for term in found.terms]
    assert names == wanted["terms"]
    assert found.fit.aic == pytest.approx(wanted["aic"], abs=1e-8)
    assert -2 * found.fit.log_likelihood == pytest.approx(wanted["deviance"], abs=1e-8)
    coefficient = dict(zip(["(Intercept)", *names], found.fit.coefficient, strict=True))
    assert coefficient == pytest.approx(wanted["coef"], abs=1e-6)
    steps = [f"{step.sign} {data.columns[step.term]}" if step.sign else "" for step in found.path]
    assert steps == [step["step"] for step in wanted["path"]]
    assert [step.aic for step in found.path] == pytest.approx([step["aic"] for step in wanted["path"]], abs=1e-8)
    assert found.left_out == {}


def draw(seed, patients=60, terms=8, rounded=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(patients, terms))
    chance = 1 / (1 + np.exp(1 - x[:, 0] - 0.5 * x[:, -1]))
    return (rng.random(patients) < chance).astype(int), np.round(x) if rounded else x


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(8, 60), st.integers(1, 12), st.booleans(), st.sampled_from(["backward", "both"])
)
def test_aic_falls_along_the_path_to_an_estimable_model_that_no_step_betters(seed, patients, terms, rounded, direction):
    label, x = draw(seed, patients, terms, rounded)
    assume(0 < label.mean() < 1)
    found = stepwise_aic(label, x, direction)
    aics = [step.aic for step in found.path]
    assert all(after < before for before, after in pairwise(aics))
    assert found.fit.method == "maximum likelihood"
    assert found.fit.aic == pytest.approx(aics[-1], abs=1e-7)
    assert len(found.terms) < min(label.sum(), len(label) - label.sum())
    assert not set(found.terms) & set(found.left_out)
    for term in found.terms:
        assert logistic(label, x[:, [other for other in found.terms if other != term]]).aic >= aics[-1] - 1e-6
    if direction == "both":
        for term in set(range(x.shape[1])) - set(found.terms) - set(found.left_out):
            more = logistic(label, x[:, [*found.terms, term]])
            assert more.separation or more.aic >= aics[-1] - 1e-6


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["backward", "both"]))
def test_order_and_units_of_the_columns_do_not_matter(seed, direction):
    label, x = draw(seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(x.shape[1])
    other = x[:, order] * 10 ** rng.uniform(-3, 3, x.shape[1]) + rng.normal(size=x.shape[1])
    one, two = stepwise_aic(label, x, direction), stepwise_aic(label, other, direction)
    assert {int(order[term]) for term in two.terms} == set(one.terms)
    assert two.fit.aic == pytest.approx(one.fit.aic, abs=1e-7)


@pytest.mark.parametrize("direction", ["backward", "both"])
def test_constant_repeated_and_separating_columns_stay_out_with_the_reason(direction):
    label, x = draw(4)
    x = np.column_stack([np.full(len(x), 0.1), x, 3 - 2 * x[:, 0], label + 0.0])
    found = stepwise_aic(label, x, direction)
    assert found.left_out[0] == CONSTANT
    assert 1 in found.terms
    assert found.left_out[9] == FOLLOWS
    assert found.left_out[10] == SEPARATES


@pytest.mark.slow
def test_backward_starts_from_the_strongest_terms_that_do_not_separate():
    label, x = draw(2, patients=40, terms=30)
    terms, left_out = estimable(label, x, separated=False)
    assert sorted([*terms, *left_out]) == list(range(30))
    assert separation(label, np.column_stack([np.ones(40), x[:, terms]])) is None
    assert terms
    assert set(left_out.values()) <= {FEW, SEPARATES}
    for term in (term for term in left_out if left_out[term] == SEPARATES):
        assert separation(label, np.column_stack([np.ones(40), x[:, [*terms, term]]])) is not None
    assert stepwise_aic(label, x, "backward").path[0].aic == pytest.approx(logistic(label, x[:, terms]).aic)


@pytest.mark.parametrize("direction", ["backward", "both"])
def test_few_events_allow_few_terms(direction):
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], [80, 4])
    found = stepwise_aic(label, rng.normal(size=(84, 20)) + label[:, None], direction)
    assert len(found.terms) <= 3
    assert set(found.left_out.values()) & {FEW, SEPARATES}
    alone = stepwise_aic(np.arange(84) == 83, rng.normal(size=(84, 20)), direction)
    assert alone.terms == []
    assert alone.fit.coefficient == pytest.approx(np.log(1 / 83))


def test_a_start_can_be_given():
    label, x = draw(7)
    found = stepwise_aic(label, x, "both", start=range(8))
    assert found.path[0].aic == pytest.approx(logistic(label, x).aic)
    assert found.path[-1].aic <= found.path[0].aic
    with pytest.raises(NotEstimable, match="first model"):
        stepwise_aic(label, np.column_stack([x, x[:, 0]]), "both", start=range(9))
    with pytest.raises(NotEstimable, match="first model"):
        stepwise_aic(label, np.column_stack([x, label]), "both", start=[8])


def test_what_cannot_be_is_told():
    label, x = draw(8)
    with pytest.raises(NotEstimable, match="one class"):
        stepwise_aic(np.zeros(60), x, "both")
    with pytest.raises(ValueError, match="backward or both, not forward"):
        stepwise_aic(label, x, "forward")
    with pytest.raises(ValueError, match="index 3, term 2"):
        stepwise_aic(label, np.where(np.arange(480).reshape(60, 8) == 26, np.nan, x), "both")
