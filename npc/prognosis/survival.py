"""Survival of two groups of patients: curves, log-rank test and hazard ratio."""

from dataclasses import dataclass

import pandas as pd

from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.cox import Cox, cox
from npc.statistics.kaplan_meier import Curve, kaplan_meier
from npc.statistics.logrank import Test, logrank

YEAR = 12  # months between two numbers at risk


@dataclass(frozen=True)
class Group:
    """Patients of one group.

    Attributes:
        name: as it is printed.
        n: patients.
        events: of them with the event.
        curve: Kaplan-Meier, time in months; None without patients.
    """

    name: str
    n: int
    events: int
    curve: Curve | None


@dataclass(frozen=True)
class HazardRatio:
    """A hazard ratio from Cox regression.

    Attributes:
        estimate: of the second group against the first.
        ci: 95% limits.
        p: Wald's, two-sided.
        proportional_hazards: test that it does not change with time; None where it was not tested.
    """

    estimate: float
    ci: tuple[float, float]
    p: float
    proportional_hazards: Test | NotEstimable | None = None


@dataclass(frozen=True)
class Stratified:
    """Two groups compared within strata: a stratum has a baseline hazard of its own.

    Attributes:
        logrank: test.
        hazard_ratio: of the second group against the first, taken to be the same in all strata.
    """

    logrank: Test | NotEstimable
    hazard_ratio: HazardRatio | NotEstimable


@dataclass(frozen=True)
class Survival:
    """Two groups compared.

    Attributes:
        groups: the first is the reference.
        logrank: test of both.
        hazard_ratio: of the second against the first (Efron's ties).
        months: at which the numbers at risk are given, each year until the last time.
        stratified: both within strata, pooled over them; None where it was not asked for.
    """

    groups: tuple[Group, Group]
    logrank: Test | NotEstimable
    hazard_ratio: HazardRatio | NotEstimable
    months: tuple[int, ...]
    stratified: Stratified | None = None


def survival(patients: pd.DataFrame, group: pd.Series, *, strata: str | None = None) -> Survival:
    """Compares two groups.

    Args:
        patients: `time` in months, `event`, and the column of the strata.
        group: two ordered categories, the reference first; patients without one are left out.
        strata: column, such as `split`, within whose values the groups are compared as well.
    """
    known = group.notna()
    patients, group = patients[known], group[known]
    time, event = patients["time"], patients["event"]
    first, second = (_group(patients[group == name], name) for name in group.cat.categories)
    return Survival(
        (first, second),
        estimated(logrank, time, event, group),
        estimated(_hazard_ratio, time, event, group),
        tuple(range(0, int(time.max()) + 1, YEAR)) if len(time) else (),
        _stratified(time, event, group, patients[strata]) if strata else None,
    )


def _stratified(time: pd.Series, event: pd.Series, group: pd.Series, strata: pd.Series) -> Stratified:
    return Stratified(
        estimated(logrank, time, event, group, strata), estimated(_hazard_ratio, time, event, group, strata)
    )


def _group(patients: pd.DataFrame, name: str) -> Group:
    curve = kaplan_meier(patients["time"], patients["event"]) if len(patients) else None
    return Group(name, len(patients), int(patients["event"].sum()), curve)


def _hazard_ratio(time: pd.Series, event: pd.Series, group: pd.Series, strata: pd.Series | None = None) -> HazardRatio:
    found = cox(time, event, group.cat.codes, strata)
    proportional = estimated(_proportional_hazards, found) if strata is None else None
    return HazardRatio(*found.hazard_ratio(), float(found.p[0]), proportional)


def _proportional_hazards(found: Cox) -> Test:
    if found.proportional_hazards_global is None:
        raise NotEstimable("the events do not show whether it changes with time")
    return found.proportional_hazards_global
