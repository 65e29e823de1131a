"""Values of a table that cannot be, though each is a number: days for months, death before metastasis, repeated files.

What is impossible is a fault; what is only unlikely is a warning (`unlikely`), and a run goes on.
"""

import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from npc.cohort import cell
from npc.cohort.dates import AGREEMENT, DAYS_PER_MONTH
from npc.errors import Fault

LONGEST_MEDIAN = 240  # months; no cohort has a median follow-up of twenty years
LONGEST = 600  # months; magnetic resonance imaging is not fifty years old
LONG = 120  # months; below that no time is unlikely
OLDEST = 120  # years

Add = Callable[[Hashable | None, str], None]


def check(
    frame: pd.DataFrame, times: Sequence[str], ages: Sequence[str], sequences: Sequence[str], root: Path, add: Add
) -> None:
    """Report values of a table that are valid in themselves but cannot be.

    Args:
        frame: the table as text, None where a cell is empty; columns may be missing.
        times: columns of months.
        ages: columns of years.
        sequences: the sequences whose images and outlines are compared.
        root: the folder that paths are relative to.
        add: is called with the row (None: the whole table) and the fault.
    """
    _centres(frame, add)
    _days(frame, times, add)
    _ages(frame, ages, add)
    _deaths(frame, add)
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
        months = frame[time].map(cell.number)
        if (median := months.dropna().median()) > LONGEST_MEDIAN:
            add(None, f"the median of {time} is {median:.0f}: are these days? give months (days / 30.4375)")
            continue
        for row, value in months[(months > LONGEST) & (months < float("inf"))].items():
            add(
                row,
                f"{time} is {value:g}, more than {LONGEST // 12} years: are these days? "
                f"{value:g} days are {value / DAYS_PER_MONTH:.1f} months",
            )


def _ages(frame: pd.DataFrame, ages: Sequence[str], add: Add) -> None:
    for name in frame.columns.intersection(list(ages)):
        years = frame[name].map(cell.number)
        for row, value in years[(years > OLDEST) & (years < float("inf"))].items():
            add(row, f"{name} is {value:g}: is it a year or date of birth, or in days? give the age in years")


def _deaths(frame: pd.DataFrame, add: Add) -> None:
    """Rounding of both times to whole months is no fault; times that are days are reported as such alone."""
    found = list(_survival(frame))
    medians = pd.DataFrame([(dmfs, survival) for _, dmfs, survival, *_ in found], dtype=float).median()
    if (medians > LONGEST_MEDIAN).any():
        return
    for row, dmfs, survival, metastasis, death in found:
        if death == "1" and survival < dmfs - AGREEMENT and dmfs <= LONGEST:
            end = "the metastasis" if metastasis == "1" else "the last follow-up for metastasis"
            add(row, f"os_months is {survival:g}, a death before {end} (dmfs_months is {dmfs:g}); correct one of them")


def _survival(frame: pd.DataFrame) -> Iterator[tuple[Hashable, float, float, str | None, str | None]]:
    """Row, months to metastasis or last follow-up, months of survival, and both events, where a table has them all."""
    names = ["dmfs_months", "os_months", "dm_event", "os_event"]
    if set(names) <= set(frame):
        months = [frame[name].map(lambda value: cell.number(cell.text(value))) for name in names[:2]]
        events = [frame[name].map(lambda value: cell.code(cell.text(value))) for name in names[2:]]
        yield from zip(frame.index, *months, *events, strict=True)


def unlikely(patients: pd.DataFrame, times: Sequence[str], ages: Sequence[str]) -> list[str]:
    """Values of a checked table that may be right, but that a reader should look at.

    A time is unlikely if it is above ten years and, in Tukey's term, far out: above the third quartile by more than
    three times the interquartile range (Tukey, Exploratory Data Analysis, 1977).

    Args:
        patients: indexed by `patient_id`.
        times: columns of months.
        ages: columns of years.

    Returns:
        sentences that name the patient.
    """
    found: list[tuple[Hashable, str]] = []
    for time in patients.columns.intersection(list(times)):
        low, high = patients[time].quantile([0.25, 0.75])
        limit = max(LONG, high + 3 * (high - low))
        found += [
            (patient, f"{time} is {value:g}, far more than of the other patients (limit {limit:g}): are these days?")
            for patient, value in patients.loc[patients[time] > limit, time].items()
        ]
    for name in patients.columns.intersection(list(ages)):
        found += [
            (patient, f"{name} is {value:g}, less than 0 years")
            for patient, value in patients.loc[patients[name] < 0, name].items()
        ]
    found += [
        (patient, f"os_months is {survival:g}, a last contact before dmfs_months ({dmfs:g}); which one is right?")
        for patient, dmfs, survival, _, death in _survival(patients)
        if death == "0" and survival < dmfs - AGREEMENT
    ]
    return [Fault(f"patient {patient}: {sentence}", f"patient {patient}") for patient, sentence in found]


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
