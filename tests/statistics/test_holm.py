"""Holm's correction."""

from types import SimpleNamespace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from npc.statistics.holm import holm


def test_values_are_those_of_statsmodels_and_tests_without_p_do_not_count():
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 30):
        p = np.append(rng.uniform(size=n) ** 4, rng.choice([0.0, 0.01, 1.0], 3))
        tests = [SimpleNamespace(p=float(value)) for value in p]
        assert holm(tests) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-15)
        assert holm([*tests[:1], SimpleNamespace(), *tests[1:]])[1] is None
        assert holm([*tests[:1], SimpleNamespace(), *tests[1:]])[2] == holm(tests)[1]
    assert holm([]) == []
