"""The columns that a table must have and what their cells must be; all failures are found, not only the first.

Not pandera: its import and its first check take a second and a half, of each command that reads a cohort.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Check:
    """What the cells of a column must be.

    Attributes:
        failing: of a column's cells, those that fail.
        error: the end of a sentence that begins with the patient and the column; {value} is the cell, and {misread}
            what `cell.misread` says of it.
    """

    failing: Callable[[pd.Series], pd.Series]
    error: str


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        checks: of its cells.
        required: whether the table must have it.
    """

    checks: Sequence[Check] = ()
    required: bool = True


@dataclass(frozen=True)
class Failure:
    """A cell that fails a check, or with `row` and `error` None a column that is absent."""

    column: str
    row: Hashable | None = None
    value: object = None
    error: str | None = None


def each(passes: Callable[[str], bool], error: str) -> Check:
    """A check of each cell that is not empty."""
    return Check(lambda cells: (given := cells.dropna())[[not passes(cell) for cell in given]], error)


def unique(error: str) -> Check:
    """A check that no cell repeats an earlier one; empty cells are not compared."""
    return Check(lambda cells: (given := cells.dropna())[given.duplicated()], error)


def not_empty(error: str) -> Check:
    """A check that no cell is empty."""
    return Check(lambda cells: cells[cells.isna()], error)


def failures(table: pd.DataFrame, columns: Mapping[str, Column]) -> Iterator[Failure]:
    """The columns that are absent, then the cells that fail, by column and check.

    Args:
        table: cells as text, None where they are empty.
        columns: by name.
    """
    yield from (Failure(name) for name, column in columns.items() if column.required and name not in table)
    for name, column in columns.items():
        for check in column.checks if name in table else ():
            for row, value in check.failing(table[name]).items():
                yield Failure(name, row, value, check.error)
