"""Which numbers of patients may be known together: none of them, and no difference of them, is of a few patients."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd


def told(count: float, smallest: int) -> bool:
    """Whether a count may be known: it is of no patient, or of enough."""
    return count == 0 or count >= smallest


def enough(marks: pd.DataFrame, smallest: int) -> bool:
    """Whether the patients who are alike in all marks are enough, so that each difference of two marks has enough, too.

    Args:
        marks: a column for each set of patients whose number is known, or for several that exclude each other.
        smallest: number of patients of a cell.
    """
    return int(marks.groupby(list(marks), dropna=False).size().min()) >= smallest


def may_be_told(marks: pd.DataFrame, partitions: Sequence[np.ndarray], smallest: int) -> bool:
    """Whether the numbers of these sets of patients may be known together, and beside cells.

    Who is left of a union of the sets when all cells that lie within are taken away, and who is left of the cells that
    it touches, are none or enough; any other union of cells of a partition leaves more.

    Args:
        marks: as for `enough`; `event` is one, since each cell has patients with the event alone, or without.
        partitions: of all patients into cells whose numbers are known, each (cells, patients).
        smallest: number of patients of a cell.
    """
    if not enough(marks, smallest):
        return False
    left = (of for those in _unions(marks) for cells in partitions for of in _left(those, cells))
    return all(told(int(of.sum()), smallest) for of in left)


def _unions(marks: pd.DataFrame) -> Iterator[np.ndarray]:
    """Of patients who are alike in all marks: with the event, and without."""
    number = marks.groupby(list(marks), dropna=False).ngroup().to_numpy()
    for event in (0, 1):
        alike = np.unique(number[marks["event"] == event])
        for size in range(1, len(alike) + 1):
            yield from (np.isin(number, chosen) for chosen in combinations(alike, size))


def _left(those: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    within, touched = ~(cells & ~those).any(axis=1), (cells & those).any(axis=1)
    return those & ~cells[within].any(axis=0), ~those & cells[touched].any(axis=0)
