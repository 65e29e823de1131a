"""Fisher's exact test of larger tables against its definition and R."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import fisher_exact, random_table

from npc.statistics import freeman_halton as module
from npc.statistics.freeman_halton import freeman_halton


def by_definition(table: np.ndarray) -> float:
    """Every filling of the cells is tried."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    chances = random_table(rows, columns)
    inner = (range(min(rows[i], columns[j]) + 1) for i in range(len(rows) - 1) for j in range(len(columns) - 1))
    total, most = 0.0, chances.pmf(table) * (1 + 1e-7)
    for cells in product(*inner):
        filled = np.zeros_like(table)
        filled[:-1, :-1] = np.reshape(cells, (len(rows) - 1, -1))
        filled[:-1, -1] = rows[:-1] - filled[:-1].sum(axis=1)
        filled[-1] = columns - filled[:-1].sum(axis=0)
        if filled.min() >= 0 and (chance := chances.pmf(filled)) <= most:
            total += chance
    return total


@pytest.mark.parametrize(
    "table",
    [
        [[3, 1, 2], [0, 4, 1]],
        [[1, 0], [2, 3], [0, 2], [1, 1]],
        [[2, 0, 1], [0, 3, 0], [1, 1, 2]],
        [[1, 0, 1, 0], [0, 2, 0, 1], [1, 0, 0, 1]],
    ],
)
def test_it_is_the_definition(table):
    table = np.array(table)
    assert freeman_halton(table) == pytest.approx(by_definition(table), abs=1e-12)
    assert freeman_halton(table.T) == pytest.approx(by_definition(table), abs=1e-12)


@given(arrays(int, (2, 2), elements=st.integers(0, 20)))
def test_two_by_two_is_scipys(table):
    if (table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all():
        assert freeman_halton(table) == pytest.approx(fisher_exact(table).pvalue, abs=1e-9)


@pytest.mark.slow
@given(arrays(int, (3, 3), elements=st.integers(0, 5)), st.permutations(range(3)), st.permutations(range(3)))
def test_order_does_not_matter(table, rows, columns):
    table = table + np.eye(3, dtype=int)
    assert freeman_halton(table[rows][:, columns]) == pytest.approx(freeman_halton(table), abs=1e-12)


def test_too_many_tables_are_not_counted(monkeypatch):
    table = np.array([[3, 1, 2], [0, 4, 1]])
    monkeypatch.setattr(module, "MAX_TABLES", 5)
    assert freeman_halton(table) is None


@pytest.mark.slow
def test_job_satisfaction_is_that_of_r(monkeypatch):
    """?fisher.test (Agresti 2002, p. 57): P = 0.7827; 90 million tables."""
    monkeypatch.setattr(module, "MAX_TABLES", 10**9)
    job = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]])
    assert round(freeman_halton(job), 4) == 0.7827
