"""What each cell of a cohort's table must be; pandera finds the cells that are not.

`npc.cohort.schema` imports this module only where a table has to be checked: importing pandera takes time.
"""

import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from npc.cohort import cell, paths
from npc.cohort.clinical import Variable
from npc.cohort.schema import OUTCOMES
from npc.cohort.studies import image_column, outline_column, roi_column
from npc.names import OTHER_READERS

MAX_ID = 128  # bytes; the id becomes part of file names, whose limit is 255

Add = Callable[[Hashable | None, str], None]


def validate(
    everyone: pd.DataFrame,
    left_out: Iterable[Hashable],
    *,
    root: Path,
    sequences: Sequence[str],
    also: Sequence[str],
    clinical: Sequence[Variable],
    outcomes: Mapping[str, str],
    required: Sequence[str],
    skip: set[tuple[Hashable, str]],
    add: Add,
) -> None:
    """Report every cell that breaks a rule.

    Args:
        everyone: the table as text, None where a cell is empty.
        left_out: rows of which only `patient_id` and `centre` are checked.
        root: the folder that paths are relative to.
        sequences: the sequences whose columns must be there.
        also: further sequences, whose columns are checked where they are there.
        clinical: the declared variables.
        outcomes: the columns of months, each with its column of events.
        required: those of them in which no cell may be empty.
        skip: cells, row and column, that are reported already.
        add: is called with the row (None: the whole table) and the end of a sentence about it.
    """
    frame = everyone.drop(index=list(left_out))
    columns = {
        **{roi_column(sequence): pa.Column(None, nullable=True, required=False) for sequence in (*sequences, *also)},
        **{variable.name: _clinical(variable) for variable in clinical},
        **_outcomes(outcomes, required),
        **_files(root, sequences, also, everyone.columns),
    }
    _validate(everyone, _identity(), set(), set(), add)
    _validate(frame, columns, skip, {variable.name for variable in clinical}, add)


# Each check's `error` is the end of a sentence that begins with the patient and the column; {value} is the cell, and
# {misread} what `cell.misread` says of it.


def _each(passes: Callable[[str], bool], error: str) -> pa.Check:
    return pa.Check(passes, element_wise=True, error=error)


def _not_empty(advice: str) -> pa.Check:
    return pa.Check(lambda cells: cells.notna(), ignore_na=False, error=f"is empty; {advice}")


def _identity() -> dict[str, pa.Column]:
    unusable = "is {value}, which can't be part of a file name; use up to 128 letters, digits, - and _"
    ids = [
        _not_empty("give each patient an id"),
        _each(_is_file_name, unusable),
        pa.Check(lambda ids: ~ids.duplicated(), error="occurs more than once; keep one line for each patient"),
    ]
    return {
        "patient_id": pa.Column(None, ids, nullable=True),
        "centre": pa.Column(None, _not_empty("name the patient's hospital"), nullable=True),
    }


def _is_file_name(text: str) -> bool:
    return (
        text.isprintable() and not set(text) & set("/\\") and text not in (".", "..") and len(text.encode()) <= MAX_ID
    )


def _clinical(variable: Variable) -> pa.Column:
    if variable.kind == "continuous":
        return pa.Column(None, _number(" or leave the cell empty"), nullable=True)
    if not variable.levels:
        return pa.Column(None, nullable=True)
    unknown = (
        f"is {{value}}; the levels are {', '.join(variable.levels)}: "
        f"correct the cell, or the list in cohort.clinical.{variable.name}.levels"
    )
    if {"True", "False"} & set(variable.levels):  # as they arrive after YAML
        unknown += ' (YAML reads a bare yes or no as true or false: write ["no", "yes"])'
    return pa.Column(None, _each(lambda text: text in variable.levels, unknown), nullable=True)


def _number(advice: str = "") -> list[pa.Check]:
    return [
        _each(lambda text: cell.misread(text) is None, "is {value}, {misread}"),
        _each(_is_finite, f"is {{value}}, not a finite number; write one with a decimal point{advice}"),
    ]


def _is_finite(text: str) -> bool:
    return cell.misread(text) is not None or abs(cell.number(text)) < float("inf")


def _outcomes(outcomes: Mapping[str, str], required: Sequence[str]) -> dict[str, pa.Column]:
    negative = "is {value}, less than 0; give the months from diagnosis"
    columns = {}
    for time, event in outcomes.items():
        checks = {
            time: [*_number(), _each(lambda text: not cell.number(text) < 0, negative)],
            event: [_each(lambda text: text in ("0", "1"), "is {value}; write 1 for an event and 0 for none")],
        }
        for name in (time, event):
            if name in required:
                checks[name].append(_not_empty("the endpoint needs it of every patient"))
            columns[name] = pa.Column(None, checks[name], nullable=True, required=name in required)
    return columns


def _files(root: Path, sequences: Sequence[str], also: Sequence[str], there: pd.Index) -> dict[str, pa.Column]:
    home = root.resolve()
    absent = f"is {{value}}, and there is no such file or folder in {root}; put it there or correct the path"
    checks = [
        _each(
            paths.is_relative, f"is {{value}}, which is not relative; write it relative to the cohort's folder {root}"
        ),
        _each(
            partial(paths.is_inside, home), f"is {{value}}, which is outside of {root}; put the file into that folder"
        ),
        _each(partial(paths.exists, home), absent),
    ]
    columns: dict[str, pa.Column] = {}
    for sequence in dict.fromkeys([*sequences, *also]):
        pair = (image_column(sequence), outline_column(sequence))
        needed = sequence in sequences or any(name in there for name in pair)
        columns |= {name: pa.Column(None, checks, nullable=True, required=needed) for name in pair}
        for reader in OTHER_READERS:
            columns[outline_column(sequence, reader)] = pa.Column(None, checks, nullable=True, required=False)
    return columns


def _validate(
    frame: pd.DataFrame,
    columns: dict[str, pa.Column],
    skip: set[tuple[Hashable, str]],
    clinical: set[str],
    add: Add,
) -> None:
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for case in errors.failure_cases.to_dict("records"):
            if case["check"] == "column_in_dataframe":
                add(None, _absent(str(case["failure_case"]), frame.columns.difference(list(columns)), clinical))
            elif (case["index"], case["column"]) not in skip:
                value = str(case["failure_case"])
                sentence = str(case["check"]).replace("{misread}", cell.misread(value) or "")
                sentence = sentence.replace("{value}", f"'{cell.shown(value)}'")
                add(case["index"], f"{case['column']} {sentence}")


def _absent(name: str, others: pd.Index, clinical: set[str]) -> str:
    meant = {str(other).casefold(): str(other) for other in others}
    near = difflib.get_close_matches(name.casefold(), meant, n=1, cutoff=0.75)
    guess = f" (is it {meant[near[0]]}?)" if near else ""
    dates = " or the dates diagnosis_date, metastasis_date, last_follow_up" if name == "dmfs_months" else ""
    outcome = " (cohort.labelled=false where no outcome is known)" if name in {*OUTCOMES, *OUTCOMES.values()} else ""
    declared = ", or declare your own variables (cohort.clinical=null: none)" if name in clinical else ""
    return f"there is no column {name}{guess}; add it{dates}{declared}{outcome}"
