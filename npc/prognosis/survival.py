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
class Survival:
    """Two groups compared.

    Attributes:
        groups: the first is the reference.
        logrank: test of both.
        hazard_ratio: of the second against the first (Efron's ties).
        months: at which the numbers at risk are given, each year until the last time.
        stratified: the log-rank test stratified by cohort; None where it was not asked for.
    """

    groups: tuple[Group, Group]
    logrank: Test | NotEstimable
    hazard_ratio: HazardRatio | NotEstimable
    months: tuple[int, ...]
    stratified: Test | NotEstimable | None = None


def survival(patients: pd.DataFrame, group: pd.Series, *, stratified: bool = False) -> Survival:
    """Compares two groups.

    Args:
        patients: `time` in months, `event`, and `split` for the strata.
        group: two ordered categories, the reference first; patients without one are left out.
        stratified: whether to add the log-rank test stratified by cohort.
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
        estimated(logrank, time, event, group, patients["split"]) if stratified else None,
    )


def _group(patients: pd.DataFrame, name: str) -> Group:
    curve = kaplan_meier(patients["time"], patients["event"]) if len(patients) else None
    return Group(name, len(patients), int(patients["event"].sum()), curve)


def _hazard_ratio(time: pd.Series, event: pd.Series, group: pd.Series) -> HazardRatio:
    found = cox(time, event, group.cat.codes)
    return HazardRatio(*found.hazard_ratio(), float(found.p[0]), estimated(_proportional_hazards, found))


def _proportional_hazards(found: Cox) -> Test:
    if found.proportional_hazards_global is None:
        raise NotEstimable("the events do not show whether it changes with time")
    return found.proportional_hazards_global
