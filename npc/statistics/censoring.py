"""The probability of not being censored, by which patients with a known outcome stand for those who were censored.

Inverse probability of censoring weights (IPCW; Graf et al., Statistics in Medicine 1999; Uno et al., JASA 2007). The
influence of each patient on a weighted sum includes that through the weights, as the weights are estimated, too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable
from npc.statistics.inputs import follow_up


@dataclass(frozen=True)
class Censoring:
    """Kaplan-Meier curve of the time to censoring; of one time, events are before censorings.

    Attributes:
        time: months of the patients, (patients,).
        event: 1 for an event, 0 for censoring, (patients,).
        at: distinct times of censoring, ascending, (times,).
        leaving: censored at each of them.
        at_risk: patients at risk of censoring at each of them: those with an event at that time are not.
    """

    time: np.ndarray
    event: np.ndarray
    at: np.ndarray
    leaving: np.ndarray
    at_risk: np.ndarray

    def uncensored_before(self, times: ArrayLike) -> np.ndarray:
        """Probability of no censoring before each of `times`."""
        curve = np.append(1.0, np.cumprod(1 - self.leaving / self.at_risk))
        return curve[np.searchsorted(self.at, np.asarray(times, dtype=float), side="left")]

    def through_weights(self, parts: np.ndarray, until: float) -> np.ndarray:
        """Derivative of a weighted sum by the number of times that each patient counts in the weights.

        Args:
            parts: what each patient adds to the sum, which is proportional to their weight, (patients,).
            until: the weights are those of `known`.

        Returns:
            (patients,); to be added to `parts` for the influence of each patient on the sum.
        """
        own = np.minimum(self.time, until)
        order = np.argsort(own, kind="stable")
        sums = np.append(np.cumsum(parts[order][::-1])[::-1], 0.0)
        later = sums[np.searchsorted(own[order], self.at, side="right")]  # parts whose weights a censoring changes
        left = self.at_risk - self.leaving
        with np.errstate(divide="ignore", invalid="ignore"):
            hazard = np.where(left > 0, later * self.leaving / (self.at_risk * left), 0.0)
            moved = np.where(left > 0, later / left, 0.0)
        gathered = np.append(0.0, np.cumsum(hazard))
        censored = self.event == 0
        last = np.where(
            censored,
            np.searchsorted(self.at, self.time, side="right"),
            np.searchsorted(self.at, self.time, side="left"),
        )
        found = -gathered[last]
        found[censored] += moved[np.searchsorted(self.at, self.time[censored])]
        return found


def censoring(time: ArrayLike, event: ArrayLike) -> Censoring:
    """The curve.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.

    Raises:
        NotEstimable: there are no patients.
    """
    t, d = follow_up(time, event)
    at, leaving = np.unique(t[d == 0], return_counts=True)
    ordered, with_event = np.sort(t), np.sort(t[d == 1])
    at_risk = len(t) - np.searchsorted(ordered, at, side="left")
    at_risk -= np.searchsorted(with_event, at, side="right") - np.searchsorted(with_event, at, side="left")
    return Censoring(t, d, at, leaving.astype(float), at_risk.astype(float))


def known(found: Censoring, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Who is known to have had the event by a horizon or not, and the weight of each.

    A patient who is censored at the horizon itself is known to be free of the event.

    Args:
        found: of `censoring`.
        horizon: in the unit of time.

    Returns:
        Event by the horizon as truth values, and weights, which are 0 for those censored before; both (patients,).

    Raises:
        NotEstimable: no event by the horizon, or follow-up ends before.
    """
    check_horizon(found.time, found.event, horizon)
    case = (found.event == 1) & (found.time <= horizon)
    followed = case | (found.time >= horizon)
    weight = np.zeros(len(found.time))
    weight[followed] = 1 / found.uncensored_before(np.minimum(found.time[followed], horizon))
    return case, weight


def check_horizon(time: np.ndarray, event: np.ndarray, horizon: float) -> None:
    """Refuses a horizon about which the patients tell nothing.

    Raises:
        NotEstimable: no event by the horizon, or follow-up ends before.
    """
    if not (event == 1).any():
        raise NotEstimable("there is no event")
    if not ((event == 1) & (time <= horizon)).any():
        raise NotEstimable(f"there is no event by month {horizon:g}")
    if time.max() < horizon:
        raise NotEstimable(f"follow-up ends at month {time.max():g}, before month {horizon:g}")
