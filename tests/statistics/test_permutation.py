"""P of a permutation test: never 0, and uniform where the observed value is one of the permuted ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.statistics.permutation import permutation_p


@pytest.mark.parametrize(("observed", "p"), [(0.9, 0.25), (0.8, 0.5), (0.75, 0.5), (0.1, 1.0)])
def test_ties_count_against_the_observed_value(observed, p):
    assert permutation_p(observed, [0.5, 0.6, 0.8]) == p


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30, unique=True))
def test_every_rank_is_as_probable(values):
    """Of n exchangeable values without ties each P from 1/n to 1 comes once."""
    p = [permutation_p(value, np.delete(values, at)) for at, value in enumerate(values)]
    np.testing.assert_allclose(sorted(p), np.arange(1, len(values) + 1) / len(values))
