"""What the best of many is worth: against a plain loop, and against simulations whose truth is known."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from npc.statistics import NotEstimable
from npc.statistics.optimism import chance, worth


def sample(rng, events, others, aucs):
    """Risks with these true AUCs (binormal)."""
    label = np.repeat([1, 0], [events, others])
    shift = np.sqrt(2) * norm.ppf(aucs)
    return label, rng.standard_normal((len(label), len(aucs))) + label[:, None] * shift


def aucs(label, risks):
    """Of each risk, by the definition: every pair is compared."""
    cases, controls = risks[label == 1][:, None], risks[label == 0]
    return ((cases > controls) + 0.5 * (cases == controls)).mean(axis=(0, 1))


def by_a_loop(label, risks, losses, draws, seed):
    """The same by the definition, draw for draw."""
    rng = np.random.default_rng(seed)
    n1, n0 = int(label.sum()), int((1 - label).sum())
    cases, controls = rng.multinomial(n1, np.full(n1, 1 / n1), draws), rng.multinomial(n0, np.full(n0, 1 / n0), draws)
    found = []
    for case, control in zip(cases, controls, strict=True):
        weight = np.zeros(len(label), int)
        weight[label == 1], weight[label == 0] = case, control
        inside, outside = np.repeat(np.arange(len(label)), weight), np.flatnonzero(weight == 0)
        if len(set(label[outside])) < 2:
            continue
        reached = aucs(label[inside], risks[inside])
        rank = [(-round(auc, 12), losses[inside, m].mean(), m) for m, auc in enumerate(reached)]
        found.append(aucs(label[outside], risks[outside])[min(rank)[2]])
    return found


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 7), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_draw_by_draw_it_is_the_loop(seed, events, others, many):
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.repeat([1, 0], [events, others]))
    risks = rng.integers(0, 4, (len(label), many)).astype(float)  # ties
    losses = rng.random(risks.shape)
    expected = by_a_loop(label, risks, losses, 30, 5)
    if not expected:
        return
    found = worth(label, risks, losses, draws=30, seed=5)
    assert found.draws == len(expected)
    assert found.estimate == pytest.approx(np.mean(expected), abs=1e-12)
    assert found.ci == pytest.approx(np.quantile(expected, [0.025, 0.975]), abs=1e-12)


def searches(truth):
    """60 searches by 19 validation patients: means of the winner's own AUC, of the corrected one, and of the truth."""
    figures = []
    for seed in range(60):
        label, risks = sample(np.random.default_rng(seed), 8, 11, truth)
        reached = aucs(label, risks)
        figures.append((reached.max(), worth(label, risks, draws=200).estimate, truth[reached.argmax()]))
    return np.mean(figures, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("auc", [0.5, 0.7])
def test_where_all_settings_are_alike_it_is_what_the_winner_is_worth(auc):
    apparent, corrected, _ = searches(np.full(125, auc))
    assert apparent > auc + 0.2
    assert corrected == pytest.approx(auc, abs=0.03)


@pytest.mark.slow
def test_where_settings_differ_it_errs_on_the_safe_side():
    """Two thirds of the patients choose a little worse than all."""
    apparent, corrected, true = searches(np.linspace(0.5, 0.8, 125))
    assert apparent > true + 0.15
    assert true - 0.1 < corrected < true + 0.02


def test_one_setting_has_no_optimism():
    label, risks = sample(np.random.default_rng(3), 40, 50, [0.8])
    assert worth(label, risks).estimate == pytest.approx(roc_auc_score(label, risks[:, 0]), abs=0.01)


def test_equal_settings_have_no_optimism_either():
    label, risks = sample(np.random.default_rng(3), 40, 50, [0.8])
    assert worth(label, np.tile(risks, 50)) == worth(label, risks)


def test_by_chance_is_exact_where_it_can_be_counted():
    """One risk without ties: the permuted AUC is Mann-Whitney's; two opposite risks: the larger of A and 1 - A."""
    label, risk = np.array([1, 0, 1, 0, 0, 1, 0]), np.arange(7.0)
    one = chance(label, risk, draws=40_000)
    assert one.mean == pytest.approx(0.5, abs=0.005)
    assert one.upper == pytest.approx(11 / 12)  # P(U >= 11) = 2/35, P(U >= 12) = 1/35
    both = chance(label, np.stack([risk, -risk], axis=1), draws=40_000)
    us = [sum(chosen) - 3 for chosen in combinations(range(7), 3)]  # Mann-Whitney's U of every order
    exact = np.mean([max(u, 12 - u) for u in us]) / 12
    assert both.mean == pytest.approx(exact, abs=0.005)


def test_p_is_uniform_where_no_setting_knows_anything():
    p = [chance(*sample(np.random.default_rng(seed), 8, 11, np.full(30, 0.5)), draws=199).p for seed in range(200)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.1)


def test_the_best_possible_p_counts_the_observed_order():
    label = np.repeat([1, 0], [30, 30])
    assert chance(label, label.astype(float), draws=99).p == 0.01


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1, 1], [1, 0, 0]])
def test_what_can_not_be_told_is_not_told(label):
    with pytest.raises(NotEstimable):
        worth(label, np.arange(6.0).reshape(3, 2))


def test_one_class_has_no_chance():
    with pytest.raises(NotEstimable):
        chance([1, 1, 1], np.arange(6.0).reshape(3, 2))
