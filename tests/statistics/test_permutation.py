"""P of a permutation test: never 0, and uniform where the observed value is one of the permuted ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.permutation import null, permutation_p, permuted_within


@pytest.mark.parametrize(("observed", "p"), [(0.9, 0.25), (0.8, 0.5), (0.75, 0.5), (0.1, 1.0)])
def test_ties_count_against_the_observed_value(observed, p):
    assert permutation_p(observed, [0.5, 0.6, 0.8]) == p


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30, unique=True))
def test_every_rank_is_as_probable(values):
    """Of n exchangeable values without ties each P from 1/n to 1 comes once."""
    p = [permutation_p(value, np.delete(values, at)) for at, value in enumerate(values)]
    np.testing.assert_allclose(sorted(p), np.arange(1, len(values) + 1) / len(values))


def test_patients_stay_in_their_stratum_and_each_order_is_as_probable():
    strata = np.array(["b", "a", "b", "a", "b", "c"])
    moved = permuted_within(strata, 6000, 0)
    assert (np.sort(moved, axis=0) == np.arange(6)[:, None]).all()
    assert (strata[moved] == strata[:, None]).all()
    orders, counts = np.unique(moved[[0, 2, 4]], axis=1, return_counts=True)
    assert orders.shape == (3, 6)
    assert counts.min() > 900
    assert (permuted_within(strata, 6000, 0) == moved).all()
    assert (permuted_within(strata, 6000, 1) != moved).any()


def test_the_null_has_its_quantiles_and_a_constant_one_is_not_estimable():
    found = null([0.95, *np.linspace(0, 1, 101)])
    assert (found.estimate, found.permutations) == (0.95, 101)
    assert found.p == pytest.approx(7 / 102)
    assert found.quantiles == pytest.approx({0.025: 0.025, 0.5: 0.5, 0.95: 0.95, 0.975: 0.975})
    with pytest.raises(NotEstimable, match="every permutation"):
        null([0.7, 0.7, 0.7])
