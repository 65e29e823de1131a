"""Cumulative incidence with a competing event (Aalen and Johansen, 1978)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics.estimate import Estimate, share
from npc.statistics.inputs import follow_up


@dataclass(frozen=True)
class CumulativeIncidence:
    """Of the first cause; arrays are (times,), at the distinct times, ascending.

    Attributes:
        time: in the unit given.
        incidence: probability of the event of this cause by each time.
        standard_error: by infinitesimal jackknife, as R's `survfit` of several states gives it.
    """

    time: np.ndarray
    incidence: np.ndarray
    standard_error: np.ndarray

    def at(self, time: float, confidence: float = 0.95) -> Estimate:
        """The incidence at a time with its interval, on the logit scale."""
        place = np.searchsorted(self.time, time, side="right")
        value, error = (float(np.append(0.0, of)[place]) for of in (self.incidence, self.standard_error))
        return share(value, error, confidence)


def cumulative_incidence(time: ArrayLike, cause: ArrayLike, of: int = 1) -> CumulativeIncidence:
    """The curve of one cause.

    Args:
        time: to the first event or censoring, (patients,).
        cause: 0 for censoring, 1, 2, ... for the event that came first, (patients,).
        of: the cause.

    Raises:
        NotEstimable: there are no patients.
    """
    causes = np.asarray(cause)
    t, any_event = follow_up(time, causes > 0)
    own = causes == of
    times, place = np.unique(t, return_inverse=True)
    number = len(times)
    at_risk = len(t) - np.append(0, np.cumsum(np.bincount(place, minlength=number))[:-1])
    hazard_any = np.bincount(place, any_event, number) / at_risk
    hazard = np.bincount(place, own, number) / at_risk
    before = np.append(1.0, np.cumprod(1 - hazard_any))[:-1]
    incidence = np.cumsum(before * hazard)
    # Influence of each patient: through the hazard of the cause at each time, and through the survival before it.
    risk = place[:, None] >= np.arange(number)
    at = place[:, None] == np.arange(number)
    of_cause = (at * own[:, None] - risk * hazard) / at_risk
    with np.errstate(divide="ignore", invalid="ignore"):
        of_any = (at * any_event[:, None] - risk * hazard_any) / at_risk / (1 - hazard_any)
    of_survival = -np.cumsum(np.where(hazard_any < 1, of_any, 0.0), axis=1)
    of_survival = before * np.column_stack([np.zeros(len(t)), of_survival[:, :-1]])
    influence = np.cumsum(of_survival * hazard + before * of_cause, axis=1)
    return CumulativeIncidence(times, incidence, np.sqrt((influence**2).sum(axis=0)))
