"""The tests of many variables at once are those of one at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.association import chi_squared_or_fisher, mann_whitney
from npc.statistics.screening import screen


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(2, 60))
def test_each_p_is_that_of_the_variable_alone(seed, negative, positive):
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.repeat([0, 1], [negative, positive]))
    plain = rng.normal(size=(len(label), 3)) + 0.3 * label[:, None]
    p = screen(label, np.column_stack([plain, np.round(plain), plain > 0, np.full(len(label), 0.1)]))
    assert p[-1] == 1
    for index, column in enumerate(np.column_stack([plain, np.round(plain), plain > 0]).T):
        values = np.unique(column)
        if len(values) == 1:
            assert p[index] == 1
        elif len(values) == 2:
            counts = [[np.sum((column == value) & (label == k)) for k in (0, 1)] for value in values]
            assert p[index] == pytest.approx(chi_squared_or_fisher(counts).p, abs=1e-12)
        else:
            assert p[index] == pytest.approx(mann_whitney([column[label == k] for k in (0, 1)]).p, abs=1e-12)


def test_what_cannot_be_is_told():
    with pytest.raises(NotEstimable, match="fewer than two patients"):
        screen([0, 0, 1], np.eye(3))
    with pytest.raises(ValueError, match="index 1, variable 2"):
        screen([0, 1, 1, 0], [[1, 2, 3], [1, 2, np.nan], [1, 2, 3], [0, 0, 0]])
    with pytest.raises(ValueError, match="neither 0 nor 1 at index 2"):
        screen([0, 1, 2], np.eye(3))
    with pytest.raises(ValueError, match="shape"):
        screen([0, 1], np.eye(3))
