"""Holm's adjustment against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.statistics.holm import holm


def test_worked_by_hand():
    assert holm([0.04, 0.01, 0.03, 0.5]) == pytest.approx([0.09, 0.04, 0.09, 0.5], abs=1e-15)
    assert holm([0.6, 0.5]).tolist() == [1, 1]
    assert holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.999))
def test_it_rejects_what_holms_procedure_rejects(p, level):
    rejected = np.zeros(len(p), dtype=bool)
    for step, place in enumerate(np.argsort(p)):
        if p[place] * (len(p) - step) > level:
            break
        rejected[place] = True
    np.testing.assert_array_equal(holm(p) <= level, rejected)


def test_what_is_no_p_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.1, np.nan])
