"""Fisher's exact test of tables larger than 2 x 2 (Freeman and Halton, Biometrika 1951)."""

from collections.abc import Iterator
from math import comb, prod

import numpy as np
from scipy.special import gammaln

MAX_TABLES = 30_000_000  # a second or two
MAX_WAYS = 1_000_000  # to fill one column; some 100 MB


def freeman_halton(table: np.ndarray) -> float | None:
    """P: the chance of all tables with these margins that are not more probable than this one.

    As R's `fisher.test` a table counts as equally probable up to 1e-7 of its probability.

    Args:
        table: counts, (rows, columns), no margin 0.

    Returns:
        None where there are too many to be counted.
    """
    upright, ways = min(((side, _ways(side)) for side in (table, table.T)), key=lambda pair: prod(pair[1]))
    if prod(ways) > MAX_TABLES or max(ways) > MAX_WAYS:
        return None
    rows, columns = upright.sum(axis=1), np.sort(upright.sum(axis=0))
    log_factorial = gammaln(np.arange(upright.sum() + 1) + 1.0)
    margins = log_factorial[rows].sum() + log_factorial[columns].sum() - log_factorial[-1]
    most = -log_factorial[upright].sum() + np.log1p(1e-7)
    total = 0.0
    for found in _log_chances(rows, columns, log_factorial):
        total += np.exp(margins + found[found <= most]).sum()
    return float(min(total, 1.0))


def _ways(table: np.ndarray) -> list[int]:
    """At most so many ways to fill each column but the largest, which follows from the others."""
    rows = len(table)
    return [comb(int(total) + rows - 1, rows - 1) for total in np.sort(table.sum(axis=0))[:-1]]


def _log_chances(rows: np.ndarray, columns: np.ndarray, log_factorial: np.ndarray) -> Iterator[np.ndarray]:
    """Minus the sum of log factorials of the cells, of all tables with these margins, many at a time."""
    if len(columns) == 1:
        yield -log_factorial[rows].sum(keepdims=True)
        return
    first = _splits(int(columns[0]), rows)
    cells = -log_factorial[first].sum(axis=1)
    if len(columns) == 2:
        yield cells - log_factorial[rows - first].sum(axis=1)
        return
    for split, here in zip(first, cells, strict=True):
        for found in _log_chances(rows - split, columns[1:], log_factorial):
            yield here + found


def _splits(total: int, most: np.ndarray) -> np.ndarray:
    """All ways to share a total among rows, none over its most, (ways, rows)."""
    ways, left = np.empty((1, 0), dtype=int), np.array([total])
    for row, limit in enumerate(most):
        room = int(most[row + 1 :].sum())
        low, high = np.maximum(left - room, 0), np.minimum(left, limit)
        repeats = np.maximum(high - low + 1, 0)
        starts = np.repeat(np.cumsum(repeats) - repeats, repeats)
        value = np.repeat(low, repeats) + np.arange(repeats.sum()) - starts
        ways = np.column_stack([np.repeat(ways, repeats, axis=0), value])
        left = np.repeat(left, repeats) - value
    return ways
