"""The clinical variables that a cohort's config declares."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from npc.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("continuous", "ordinal", "binary", "categorical")
COMPARISONS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
# The columns of the cohort folder that are not clinical variables.
RESERVED = frozenset(
    {"patient_id", "centre", "dmfs_months", "dm_event", "os_months", "os_event"}
    | {"diagnosis_date", "metastasis_date", "last_follow_up"}
)


@dataclass(frozen=True)
class Cut:
    """Cut-off that divides a continuous variable in two, such as `>= 4000`."""

    comparison: str
    value: float

    def __str__(self) -> str:
        return f"{self.comparison} {self.value:g}"

    def holds(self, values: pd.Series) -> pd.Series:
        """Whether each value is on the named side, as nullable booleans: a missing value stays missing."""
        met = COMPARISONS[self.comparison](values, self.value)
        return met.astype("boolean").mask(values.isna())

    @classmethod
    def read(cls, written: str) -> Cut | None:
        """The cut-off in a text such as `>= 4000`; None where the text is not one."""
        match = re.fullmatch(r"\s*(>=|<=|>|<)\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*", written)
        return match and cls(match[1], float(match[2]))


@dataclass(frozen=True)
class Variable:
    """One clinical variable.

    Attributes:
        name: its column.
        kind: continuous, ordinal, binary or categorical.
        levels: its values; of an ordinal variable in order, of a binary one with the reference first; empty for a
            continuous variable and for a categorical one with the levels of the table.
        cut: cut-off of a continuous variable.
        label: in tables and figures, such as `N stage`; None for the name with blanks.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    cut: Cut | None = None
    label: str | None = None

    @property
    def title(self) -> str:
        """As tables and figures name it."""
        return self.label or self.name.replace("_", " ")

    @property
    def is_age(self) -> bool:
        """Whether it is an age in years, by its name."""
        is_named = re.fullmatch(r"(.*_)?age(_.*)?|年龄", self.name.casefold()) is not None
        return is_named and self.kind == "continuous" and not re.search("month|day", self.name.casefold())


def parse(clinical: Mapping[str, Mapping[str, Any]] | None) -> tuple[Variable, ...]:
    """The variables declared under `cohort.clinical`, in the config's order.

    Args:
        clinical: name -> {kind, levels, cut, label}; all but kind may be absent or None. None declares none.

    Raises:
        InputError: a declaration is wrong; each fault names its config key.
    """
    faults: list[str] = []
    variables = [_variable(name, declared, faults) for name, declared in (clinical or {}).items()]
    if faults:
        raise InputError(faults)
    return tuple(variables)


def _variable(name: str, declared: Mapping[str, Any], faults: list[str]) -> Variable:
    key = f"cohort.clinical.{name}"
    kind = str(declared.get("kind"))
    if name in RESERVED:
        faults.append(f"{key}: {name} has its own meaning in the cohort folder; choose another name for the variable")
    if kind not in KINDS:
        faults.append(f"{key}.kind is '{kind}'; choose one of {', '.join(KINDS)}")
        return Variable(name, kind)
    levels = _levels(f"{key}.levels", kind, declared.get("levels"), faults)
    cut = _cut(f"{key}.cut", kind, declared.get("cut"), faults)
    return Variable(name, kind, levels, cut, declared.get("label"))


def _levels(key: str, kind: str, declared: Any, faults: list[str]) -> tuple[str, ...]:
    if not declared:
        if kind == "ordinal":
            faults.append(f"{key} is missing; list the levels of an ordinal variable from low to high")
        return ("0", "1") if kind == "binary" else ()
    if kind == "continuous":
        faults.append(f"{key}: a continuous variable has no levels; remove them or change its kind")
        return ()
    levels = tuple(str(level).strip() for level in declared)
    if len(set(levels)) < len(levels):
        faults.append(f"{key} names a level twice ({', '.join(levels)}); name each once")
    if kind == "binary" and len(levels) != 2:
        faults.append(f"{key} has {len(levels)} levels; a binary variable has two")
    return levels


def _cut(key: str, kind: str, declared: Any, faults: list[str]) -> Cut | None:
    if declared is None:
        return None
    if kind != "continuous":
        faults.append(f"{key}: only a continuous variable has a cut; remove it or change the kind")
        return None
    cut = Cut.read(str(declared))
    if cut is None:
        faults.append(f"{key} is '{declared}'; write a comparison and a number, such as '>= 4000'")
    return cut
