"""The rules of the cohort folder: the faults of all patients are reported at once, in sentences."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from npc.cohort import cell, paths, suspicious
from npc.cohort.clinical import Variable
from npc.cohort.studies import image_column, outline_column, roi_column
from npc.errors import Fault, InputError
from npc.names import FIRST_READER, OTHER_READERS

OUTCOMES = {"dmfs_months": "dm_event", "os_months": "os_event"}


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
    known: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, str]:
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
        known: the hash that an earlier call returned; cells of the same table are not checked again.

    Returns:
        The patients (numbers as float, levels as categories, events as integers, paths as strings); in the same form
        those left out for a missing sequence; all that are excluded, `patient_id`, `centre` and `reason`; and a hash
        of the table and of the rules that its cells keep.

    Raises:
        InputError: the table breaks a rule.
    """
    if missing not in (ways := ("error", "exclude", "exclude_any", "mask")):
        raise InputError(f"cohort.missing is '{missing}'; choose one of {', '.join(ways)}")
    outcomes = {time: event} | {t: e for t, e in OUTCOMES.items() if not {t, e} & {time, event}}
    asked = [s for s in sequences if s not in also]
    files = _files([*sequences, *also])
    columns = [*map(roi_column, [*sequences, *also]), *(variable.name for variable in clinical), *files]
    columns += [*outcomes, *outcomes.values()]
    codes = {*outcomes.values(), *(v.name for v in clinical if v.kind != "continuous")}
    everyone = _as_text(table, ["patient_id", "centre", *columns], codes)
    for name in everyone.columns.intersection(files):
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
    choices: dict[str, Any] = {"sequences": sequences, "also": also, "clinical": clinical, "outcomes": outcomes}
    choices["required"] = (time, event) if labelled else ()
    checked = _hash(everyone, list(out), {**choices, "columns": columns})
    if checked != known or not _are_there(frame, files, root):
        from npc.cohort import rules  # imports pandera, which takes half a second

        rules.validate(everyone, list(out), root=root, skip=skip, add=faults.add, **choices)
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
    return _typed(kept, columns, outcomes, clinical), left, exclusions.reset_index(drop=True), checked


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
        return f"{place}, patient {cell.shown(patient)}" if isinstance(patient, str) else place


def _as_text(table: pd.DataFrame, columns: Sequence[str], codes: set[str]) -> pd.DataFrame:
    frame = table.copy()
    for name in frame.columns.intersection(list(columns)):
        values = [cell.text(value) for value in frame[name]]
        frame[name] = pd.Series([cell.code(v) for v in values] if name in codes else values, frame.index, dtype=object)
    return frame


def _files(sequences: Sequence[str]) -> list[str]:
    """The columns of the sequences' paths."""
    outlines = [outline_column(sequence, reader) for sequence in sequences for reader in (FIRST_READER, *OTHER_READERS)]
    return [*map(image_column, sequences), *outlines]


def _hash(everyone: pd.DataFrame, left_out: Sequence[Hashable], choices: Mapping[str, Any]) -> str:
    """A hash of a table and of all that decides whether its cells keep the rules, but for the files that it names."""
    home = Path(__file__).parent
    code = [home.joinpath(name).read_bytes() for name in ("schema.py", "rules.py", "cell.py", "paths.py")]
    content = [*everyone.columns, *everyone.index, *everyone.to_numpy().ravel().tolist()]
    return sha256(repr((code, content, left_out, choices)).encode()).hexdigest()


def _are_there(frame: pd.DataFrame, files: Sequence[str], root: Path) -> bool:
    """Whether each path in the table can be used; files may vanish while the table stays."""
    home = root.resolve()
    return all(
        paths.is_usable(home, text) for name in frame.columns.intersection(list(files)) for text in frame[name].dropna()
    )


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
    frame: pd.DataFrame, columns: Sequence[str], outcomes: Mapping[str, str], clinical: Sequence[Variable]
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
