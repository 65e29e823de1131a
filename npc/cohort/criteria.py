"""Patients of a cohort's table who do not belong to the study: excluded by id, or by declared criteria."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from npc.cohort import cell
from npc.cohort.clinical import Cut
from npc.errors import InputError

NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Criterion:
    """One inclusion criterion.

    Attributes:
        name: its key under `cohort.criteria`.
        column: of the table.
        keep: the levels, in lower case, or the side of a cut-off, of patients who belong to the study.
        reason: why the other patients do not.
    """

    name: str
    column: str
    keep: frozenset[str] | Cut
    reason: str


def parse(criteria: Mapping[str, Mapping[str, Any]] | None) -> tuple[Criterion, ...]:
    """The criteria declared under `cohort.criteria`, in the config's order.

    Args:
        criteria: name -> {column, keep, reason}. None declares none.

    Raises:
        InputError: a declaration is wrong; each fault names its config key.
    """
    faults: list[str] = []
    parsed = [_criterion(name, declared, faults) for name, declared in (criteria or {}).items()]
    if faults:
        raise InputError(faults)
    return tuple(parsed)


def leave_out(
    table: pd.DataFrame, criteria: tuple[Criterion, ...], by_hand: Mapping[str, str]
) -> tuple[dict[Hashable, str], dict[Hashable | None, list[str]]]:
    """Patients who do not belong to the study, each with the first reason that applies.

    Args:
        table: the raw table of a source, its index unique.
        criteria: in the order in which they are applied.
        by_hand: patient -> reason; applied before every criterion.

    Returns:
        Reason of each excluded row, in the order of the steps, within a step those with a missing value last; and the
        faults, by row (None: of the whole table).
    """
    left_out: dict[Hashable, str] = {}
    faults: dict[Hashable | None, list[str]] = {None: []}
    ids = table.get("patient_id", pd.Series(dtype=object)).map(cell.text)
    for patient, reason in by_hand.items():
        left_out |= dict.fromkeys(ids.index[ids == patient], reason)
        if not reason.strip():
            faults[None].append(f"cohort.exclude.{patient} gives no reason; say why the patient is left out")
        if "patient_id" in table and not (ids == patient).any():
            faults[None].append(f"there is no patient {patient}, whom cohort.exclude leaves out; correct the id")
    for criterion in criteria:
        if criterion.column not in table:
            faults[None].append(
                f"there is no column {criterion.column}, which the criterion {criterion.name} "
                f"(cohort.criteria.{criterion.name}) needs; add it or remove the criterion"
            )
            continue
        cells = {row: cell.text(value) for row, value in table[criterion.column].items() if row not in left_out}
        for row, value in ((row, value) for row, value in cells.items() if value is not None):
            met = _meets(criterion, value)
            if met is None:
                faults.setdefault(row, []).append(
                    f"{criterion.column} is '{value}', {cell.misread(value) or 'not a number'}, which the criterion "
                    f"{criterion.name} ({criterion.keep}) needs; correct the cell"
                )
            elif not met:
                left_out[row] = criterion.reason
        left_out |= {row: f"{criterion.reason} ({NOT_KNOWN})" for row, value in cells.items() if value is None}
    return left_out, faults


def _meets(criterion: Criterion, value: str) -> bool | None:
    """Whether a value meets the criterion; None where the criterion needs a number and the value is not one."""
    if not isinstance(criterion.keep, Cut):
        return str(cell.code(value)).casefold() in criterion.keep
    met = criterion.keep.holds(pd.Series([cell.number(value)]))[0]
    return None if pd.isna(met) else bool(met)


def _criterion(name: str, declared: Mapping[str, Any], faults: list[str]) -> Criterion:
    key, keep = f"cohort.criteria.{name}", declared.get("keep")
    for part in ("column", "reason"):
        if not str(declared.get(part, "???")).strip(" ?"):
            faults.append(f"{key}.{part}: no value; give one")
    levels: frozenset[str] | Cut | None = None
    if isinstance(keep, list) and keep:
        levels = frozenset(str(level).strip().casefold() for level in keep)
        if any(isinstance(level, bool) for level in keep):
            faults.append(f'{key}.keep holds true or false, as YAML reads a bare yes or no; quote them: ["yes"]')
    elif isinstance(keep, str):
        levels = Cut.read(keep)
    if levels is None:
        faults.append(f"{key}.keep is '{keep}'; write a list of levels, or a cut such as '>= 18'")
    return Criterion(name, str(declared.get("column")), levels or frozenset(), str(declared.get("reason")))
