"""Death without the event, which competes with it, where deaths are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from npc.names import HORIZONS
from npc.prognosis.estimable import estimated
from npc.prognosis.survival import HazardRatio
from npc.statistics import NotEstimable
from npc.statistics.cox import Cox, cox
from npc.statistics.cumulative_incidence import cumulative_incidence
from npc.statistics.estimate import Estimate
from npc.statistics.fine_gray import fine_gray

AGREEMENT = 0.5  # months: what rounding may put between a death and the end of follow-up for the event
CAUSES = {"event": 1, "death": 2}


@dataclass(frozen=True)
class CompetingRisks:
    """High against low risk in one cohort, with death without the event as competing event.

    Attributes:
        deaths: without the event, by risk group.
        incidence_at: Aalen-Johansen estimate, by cause (`event` or `death`), risk group and month.
        cause_specific: hazard ratio of high against low risk, by cause; the other cause is censored.
        subdistribution: the same of the subdistribution hazard: a patient with the other cause stays at risk.
    """

    deaths: Mapping[str, int]
    incidence_at: Mapping[str, Mapping[str, Mapping[int, Estimate | NotEstimable]]]
    cause_specific: Mapping[str, HazardRatio | NotEstimable]
    subdistribution: Mapping[str, HazardRatio | NotEstimable]


def causes(patients: pd.DataFrame, event: str) -> pd.Series | None:
    """What came first: 0 censoring, 1 the event, 2 death without it; None where deaths are not known.

    A death after the end of the follow-up for the event is no competing event: whether the event came before is not
    known.

    Args:
        patients: `time`, `event`, and the cohort's `os_months` and `os_event`.
        event: column of the endpoint.
    """
    if event == "os_event" or not {"os_months", "os_event"} <= set(patients):
        return None
    died = (patients["os_event"] == 1) & (patients["os_months"] <= patients["time"] + AGREEMENT)
    cause = patients["event"].astype(int).where(patients["event"] == 1, 2 * died.fillna(False).astype(int))
    return cause if (cause == 2).any() else None


def competing_risks(patients: pd.DataFrame, cause: pd.Series, group: pd.Series) -> dict[str, CompetingRisks]:
    """By split.

    Args:
        patients: `split` and `time` in months.
        cause: of `causes`.
        group: low or high risk, ordered categories.
    """
    return {
        str(split): _cohort(rows["time"], cause[rows.index], group[rows.index])
        for split, rows in patients.groupby("split")
    }


def _cohort(time: pd.Series, cause: pd.Series, group: pd.Series) -> CompetingRisks:
    members = {str(name): group == name for name in group.cat.categories}
    return CompetingRisks(
        {name: int((cause[rows] == 2).sum()) for name, rows in members.items()},
        {
            kind: {
                name: {month: estimated(_incidence, time[rows], cause[rows], of, month) for month in HORIZONS}
                for name, rows in members.items()
            }
            for kind, of in CAUSES.items()
        },
        {kind: estimated(_hazard_ratio, cox, time, (cause == of).astype(int), group) for kind, of in CAUSES.items()},
        {kind: estimated(_hazard_ratio, partial(fine_gray, of=of), time, cause, group) for kind, of in CAUSES.items()},
    )


def _incidence(time: pd.Series, cause: pd.Series, of: int, month: float) -> Estimate:
    found = cumulative_incidence(time, cause, of)
    if found.time[-1] < month:
        raise NotEstimable(f"follow-up ends at month {found.time[-1]:g}, before month {month:g}")
    return found.at(month)


def _hazard_ratio(fit: Callable[..., Cox], time: pd.Series, event: pd.Series, group: pd.Series) -> HazardRatio:
    found = fit(time, event, group.cat.codes)
    return HazardRatio(*found.hazard_ratio(), float(found.p[0]))
