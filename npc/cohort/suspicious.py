"""Errors that no single cell of a table shows: a hospital in two spellings, days for months, repeated files."""

import os
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import pandas as pd

from npc.cohort import cell

LONGEST_MEDIAN = 240  # months; no cohort has a median follow-up of twenty years

Add = Callable[[Hashable | None, str], None]


def check(frame: pd.DataFrame, times: Sequence[str], sequences: Sequence[str], root: Path, add: Add) -> None:
    """Report values of a table that are valid but implausible.

    Args:
        frame: the table as text, None where a cell is empty; columns may be missing.
        times: columns of months.
        sequences: the sequences whose images and outlines are compared.
        root: the folder that paths are relative to.
        add: is called with the row (None: the whole table) and the fault.
    """
    _centres(frame, add)
    _days(frame, times, add)
    _files(frame, sequences, root, add)


def _centres(frame: pd.DataFrame, add: Add) -> None:
    spellings: dict[str, list[str]] = {}
    for centre in frame["centre"].dropna().unique() if "centre" in frame else ():
        spellings.setdefault("".join(centre.split()).casefold(), []).append(centre)
    for same in spellings.values():
        if len(same) > 1:
            quoted = " and ".join(map(repr, same))
            add(None, f"centre: {quoted} differ only in capitals or blanks; write each hospital in one way")


def _days(frame: pd.DataFrame, times: Sequence[str], add: Add) -> None:
    for time in frame.columns.intersection(list(times)):
        median = frame[time].map(cell.number).median()
        if median > LONGEST_MEDIAN:
            add(None, f"the median of {time} is {median:.0f}: are these days? give months (days / 30.4375)")


def _files(frame: pd.DataFrame, sequences: Sequence[str], root: Path, add: Add) -> None:
    """Image and outline may share a folder, and one outline may be used for several sequences of a patient."""
    if "patient_id" not in frame:
        return
    first: dict[str, tuple[str, str]] = {}  # patient and column where a file is named first
    for column in [f"{sequence}_{kind}" for sequence in sequences for kind in ("image", "mask")]:
        for row, patient, text in zip(frame.index, frame["patient_id"], frame.get(column, ()), strict=False):
            if patient is None or text is None or not os.path.exists(root / text):
                continue
            other, there = first.setdefault(os.path.realpath(root / text), (patient, column))
            if other != patient:
                add(row, f"{column} is {text!r}, which is also {there} of patient {other!r}; give each patient its own")
            elif there != column and column.endswith("_image"):
                add(row, f"{column} is the same file as {there}; give each sequence its own image")
            elif there.endswith("_image") and column.endswith("_mask") and not (root / text).is_dir():
                add(row, f"{column} is the same file as {there}; give the outline")
