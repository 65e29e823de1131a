"""From a Cox regression to absolute risks: the cumulative baseline hazard."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable
from npc.statistics.inputs import follow_up

LARGEST = 700.0  # exp() of it is still finite


@dataclass(frozen=True)
class Baseline:
    """Cumulative hazard of a patient whose linear predictor is 0; arrays are (times,), at the times of events.

    Attributes:
        time: ascending.
        hazard: cumulative, just after each time.
        end: of the follow-up; after it nothing is known.
    """

    time: np.ndarray
    hazard: np.ndarray
    end: float

    def cumulative_hazard(self, times: ArrayLike) -> np.ndarray:
        """Just after each of `times`.

        Raises:
            NotEstimable: a time after the end of the follow-up.
        """
        at = np.asarray(times, dtype=float)
        if at.size and at.max() > self.end:
            raise NotEstimable(
                f"follow-up of the patients of the fit ends at month {self.end:g}, before month {at.max():g}"
            )
        return np.append(0.0, self.hazard)[np.searchsorted(self.time, at, side="right")]

    def probability(self, predictor: ArrayLike, times: ArrayLike) -> np.ndarray:
        """Probability of the event by each time, (patients, times).

        Args:
            predictor: linear predictor, (patients,).
            times: (times,).

        Raises:
            NotEstimable: as for `cumulative_hazard`.
        """
        relative = np.exp(np.clip(np.asarray(predictor, dtype=float), -LARGEST, LARGEST))
        return -np.expm1(-np.multiply.outer(relative, self.cumulative_hazard(times)))


def baseline(time: ArrayLike, event: ArrayLike, predictor: ArrayLike) -> Baseline:
    """The baseline that belongs to a Cox regression with Efron's ties, as R's `survfit` of a `coxph` gives it.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        predictor: linear predictor of the regression, (patients,); centre it, so that its exponential is finite.
    """
    t, d = follow_up(time, event)
    relative = np.exp(np.clip(np.asarray(predictor, dtype=float), -LARGEST, LARGEST))
    order = np.argsort(t, kind="stable")
    t, d, relative = t[order], d[order], relative[order]
    at_risk = np.cumsum(relative[::-1])[::-1]
    times, tied = np.unique(t[d == 1], return_counts=True)
    increments = np.empty(len(times))
    for i, (at, number) in enumerate(zip(times, tied, strict=True)):
        shares = np.arange(number) / number * relative[(t == at) & (d == 1)].sum()
        increments[i] = (1 / (at_risk[np.searchsorted(t, at)] - shares)).sum()
    return Baseline(times, np.cumsum(increments), float(t[-1]))
