"""The rules of the cohort folder: the faults of all patients are reported at once, in sentences."""

import difflib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from npc.cohort import cell, paths, suspicious
from npc.cohort.clinical import Variable
from npc.cohort.studies import image_column, outline_column, roi_column
from npc.errors import Fault, InputError
from npc.names import OTHER_READERS

OUTCOMES = {"dmfs_months": "dm_event", "os_months": "os_event"}
MAX_ID = 128  # bytes; the id becomes part of file names, whose limit is 255


def check(
    table: pd.DataFrame,
    *,
    where: str,
    root: Path,
    sequences: Sequence[str],
    clinical: Sequence[Variable],
    missing: str,
    time: str,
    event: str,
    also: Sequence[str] = (),
    date_faults: Mapping[Hashable, Sequence[str]] | None = None,
    comma_faults: Mapping[Hashable, Sequence[str]] | None = None,
    left_out: Mapping[Hashable, str] | None = None,
    criteria_faults: Mapping[Hashable | None, Sequence[str]] | None = None,
    labelled: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Check a source's table and convert its columns to their types.

    Args:
        table: a source's raw table with a unique index, which each fault names (as line or row).
        where: the table's file, for messages.
        root: the folder that paths are relative to.
        sequences: the sequences that this run needs.
        clinical: the declared variables; their values may be missing.
        missing: treatment of a patient without one of `sequences`: error, exclude (or exclude_any), or mask, which
            excludes only those without any of them.
        time: the endpoint's column of months.
        event: the endpoint's column of 0 and 1.
        also: further sequences, which a patient may lack but whose files are checked where they are named.
        date_faults: the faults of `dates.to_months`, reported with the others.
        comma_faults: the faults of `decimal_commas.with_points`, reported with the others.
        left_out: rows that do not belong to the study, and why, in the order in which they are to be listed. Only
            their `patient_id` and `centre` are checked: values that are not used need no correction.
        criteria_faults: the faults of `criteria.leave_out`, reported with the others.
        labelled: whether the endpoint's columns must be there.

    Returns:
        The patients (numbers as float, levels as categories, events as integers, paths as strings); in the same form
        those left out for a missing sequence; and all that are excluded, `patient_id`, `centre` and `reason`.

    Raises:
        InputError: the table breaks a rule.
    """
    if missing not in (known := ("error", "exclude", "exclude_any", "mask")):
        raise InputError(f"cohort.missing is '{missing}'; choose one of {', '.join(known)}")
    outcomes = {time: event} | {t: e for t, e in OUTCOMES.items() if not {t, e} & {time, event}}
    asked = [s for s in sequences if s not in also]
    files = _files(root, sequences, also, table.columns)
    columns = {
        **{roi_column(sequence): pa.Column(None, nullable=True, required=False) for sequence in (*sequences, *also)},
        **{variable.name: _clinical(variable) for variable in clinical},
        **_outcomes(outcomes, required=(time, event) if labelled else ()),
        **files,
    }
    codes = {*outcomes.values(), *(v.name for v in clinical if v.kind != "continuous")}
    everyone = _as_text(table, _identity() | columns, codes)
    for name in everyone.columns.intersection(list(files)):
        everyone[name] = everyone[name].map(partial(paths.with_slashes, root.resolve()))
    out = dict(left_out or {})
    frame = everyone.drop(index=list(out))

    faults = _Faults(where, everyone)
    for row, sentences in (
        pair for found in (criteria_faults, comma_faults, date_faults) for pair in (found or {}).items()
    ):
        for sentence in sentences if row not in out else ():
            faults.add(row, sentence)
    skip = {(row, column) for row in date_faults or {} for pair in outcomes.items() for column in pair}
    _validate(everyone, _identity(), faults, set(), set())
    _validate(frame, columns, faults, skip, {variable.name for variable in clinical})
    lacking = _pairs(frame, sequences, [*asked, *also], missing, faults)
    ages = [variable.name for variable in clinical if variable.is_age]
    suspicious.check(frame, list(outcomes), ages, [*asked, *also], root, faults.add)
    if everyone.empty:
        faults.add(None, "there is no patient; write a line for each")
    faults.raise_if_any()

    kept, out = frame.drop(index=list(lacking)), out | lacking
    if labelled:
        _endpoint_has_both(kept, event, where, out.values())
    exclusions = everyone.loc[list(out), ["patient_id", "centre"]].assign(reason=list(out.values()))
    left = _typed(frame.loc[list(lacking)], columns, outcomes, clinical)
    return _typed(kept, columns, outcomes, clinical), left, exclusions.reset_index(drop=True)


class _Faults:
    """Collects faults; the message names table and patient and keeps the table's order."""

    def __init__(self, where: str, frame: pd.DataFrame) -> None:
        self.where, self.frame = where, frame
        self.faults: list[tuple[Hashable | None, str]] = []

    def add(self, row: Hashable | None, sentence: str) -> None:
        """Add the fault of a row, or with None of the whole table."""
        self.faults.append((row, sentence))

    def raise_if_any(self) -> None:
        if len(self.faults) == 1:
            row, sentence = self.faults[0]
            place = self._patient(row)
            raise InputError(Fault(f"{self.where}{place}: {sentence}", place.removeprefix(", ")))
        if self.faults:
            order = {row: i for i, row in enumerate([None, *self.frame.index])}
            name = Path(self.where).name  # the headline has the whole path
            ordered = sorted(self.faults, key=lambda fault: order[fault[0]])
            faults = [
                Fault(f"{name}{self._patient(row)}: {sentence}", self._patient(row).removeprefix(", "))
                for row, sentence in ordered
            ]
            raise InputError(faults, f"{self.where}: {len(faults)} faults")

    def _patient(self, row: Hashable | None) -> str:
        if row is None:
            return ""
        patient = self.frame["patient_id"].get(row) if "patient_id" in self.frame else None
        place = f", {self.frame.index.name or 'row'} {row}"
        return f"{place}, patient {_shown(patient)}" if isinstance(patient, str) else place


def _shown(text: str) -> str:
    """A cell as text for a terminal: no control characters, not longer than a line."""
    plain = text if text.isprintable() else text.encode("unicode_escape").decode()
    return plain if len(plain) <= 100 else f"{plain[:100]}…"


def _as_text(table: pd.DataFrame, columns: Mapping[str, pa.Column], codes: set[str]) -> pd.DataFrame:
    frame = table.copy()
    for name in frame.columns.intersection(list(columns)):
        values = [cell.text(value) for value in frame[name]]
        frame[name] = pd.Series([cell.code(v) for v in values] if name in codes else values, frame.index, dtype=object)
    return frame


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
    faults: _Faults,
    skip: set[tuple[Hashable, str]],
    clinical: set[str],
) -> None:
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for case in errors.failure_cases.to_dict("records"):
            if case["check"] == "column_in_dataframe":
                faults.add(None, _absent(str(case["failure_case"]), frame.columns.difference(list(columns)), clinical))
            elif (case["index"], case["column"]) not in skip:
                value = str(case["failure_case"])
                sentence = str(case["check"]).replace("{misread}", cell.misread(value) or "")
                sentence = sentence.replace("{value}", f"'{_shown(value)}'")
                faults.add(case["index"], f"{case['column']} {sentence}")


def _absent(name: str, others: pd.Index, clinical: set[str]) -> str:
    meant = {str(other).casefold(): str(other) for other in others}
    near = difflib.get_close_matches(name.casefold(), meant, n=1, cutoff=0.75)
    guess = f" (is it {meant[near[0]]}?)" if near else ""
    dates = " or the dates diagnosis_date, metastasis_date, last_follow_up" if name == "dmfs_months" else ""
    outcome = " (cohort.labelled=false where no outcome is known)" if name in {*OUTCOMES, *OUTCOMES.values()} else ""
    declared = ", or declare your own variables (cohort.clinical=null: none)" if name in clinical else ""
    return f"there is no column {name}{guess}; add it{dates}{declared}{outcome}"


def _pairs(
    frame: pd.DataFrame, sequences: Sequence[str], present: Sequence[str], missing: str, faults: _Faults
) -> dict[Hashable, str]:
    """Checks that image and mask are given together; returns the rows to exclude and why."""
    lacking: dict[Hashable, list[str]] = {}
    for sequence, row, image, mask in _named(frame, present):
        if image and not mask:
            faults.add(
                row, f"{sequence}_mask is empty but {sequence}_image is not; add the outline or remove the image"
            )
        elif mask and not image:
            faults.add(
                row, f"{sequence}_image is empty but {sequence}_mask is not; add the image or remove the outline"
            )
        elif not image and sequence in sequences:
            lacking.setdefault(row, []).append(sequence)
    if missing != "error":
        fewest = len(sequences) if missing == "mask" else 1
        return {
            row: f"no {' and no '.join(lacking[row])}" for row in frame.index if len(lacking.get(row, [])) >= fewest
        }
    for row, absent in lacking.items():
        faults.add(
            row,
            f"no {' and no '.join(absent)} image; give {'it' if len(absent) == 1 else 'them'}, "
            "or exclude such patients with cohort.missing=exclude",
        )
    return {}


def _named(frame: pd.DataFrame, sequences: Sequence[str]) -> Iterator[tuple[str, Hashable, bool, bool]]:
    for sequence in sequences:
        image, mask = image_column(sequence), outline_column(sequence)
        if image in frame and mask in frame:
            pairs = zip(frame.index, frame[image].notna(), frame[mask].notna(), strict=True)
            yield from ((sequence, *pair) for pair in pairs)


def _endpoint_has_both(kept: pd.DataFrame, event: str, where: str, reasons: Iterable[str]) -> None:
    counted = ", ".join(f"{n} {reason}" for reason, n in Counter(reasons).items())
    out = f" (left out: {counted})" if counted else ""
    if kept.empty:
        raise InputError(f"{where}: no patient is left{out}; give what they lack, or exclude fewer")
    classes = set(kept[event])
    if len(classes) == 1:
        raise InputError(
            f"{where}: {event} is {classes.pop()} in all {len(kept)} patients{out}; "
            "a model needs both classes: correct the column or choose another endpoint"
        )


def _typed(
    frame: pd.DataFrame, columns: Mapping[str, pa.Column], outcomes: Mapping[str, str], clinical: Sequence[Variable]
) -> pd.DataFrame:
    typed = frame.copy()
    levels = {variable.name: variable for variable in clinical if variable.kind != "continuous"}
    numbers = {*outcomes, *(variable.name for variable in clinical if variable.kind == "continuous")}
    for name in typed.columns.intersection(list(columns)):
        if name in numbers:
            typed[name] = typed[name].map(cell.number).astype(float)
        elif name in outcomes.values():
            events = typed[name].map(cell.number).astype("Int64")
            typed[name] = events if events.hasnans else events.astype("int64")
        elif name in levels:
            known = levels[name].levels or sorted(typed[name].dropna().unique())
            typed[name] = pd.Categorical(typed[name], list(known), ordered=levels[name].kind == "ordinal")
        elif name not in ("patient_id", "centre"):
            typed[name] = typed[name].astype("string")
    return typed
