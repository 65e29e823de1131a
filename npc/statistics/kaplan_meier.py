"""Kaplan-Meier curves with intervals, medians and numbers at risk."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics.inputs import follow_up


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve; all arrays are (times,), at the distinct times of events and censorings, ascending.

    Attributes:
        time: in the unit given.
        survival: just after each time.
        standard_error: of the survival (Greenwood).
        lower: limit of the interval; where survival is 1 or 0 it is the survival itself.
        upper: the same.
        at_risk: just before each time.
        events: at each time.
    """

    time: np.ndarray
    survival: np.ndarray
    standard_error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray

    def number_at_risk(self, times: ArrayLike) -> np.ndarray:
        """Subjects at risk just before each of `times`, as R's `summary(survfit)` counts them."""
        at = np.searchsorted(self.time, np.asarray(times, dtype=float))
        return np.append(self.at_risk, 0)[at]

    def survival_at(self, times: ArrayLike) -> np.ndarray:
        """Survival just after each of `times`."""
        return np.append(1.0, self.survival)[np.searchsorted(self.time, np.asarray(times, dtype=float), side="right")]

    def median(self) -> float | None:
        """First time at which survival is 1/2 or less, or the middle of a stretch at 1/2; None if never reached."""
        return _crossing(self.time, self.survival)

    def median_interval(self) -> tuple[float | None, float | None]:
        """Where the limits of the curve cross 1/2 (Brookmeyer and Crowley, 1982); None if never."""
        return _crossing(self.time, self.lower), _crossing(self.time, self.upper)


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, confidence: float = 0.95, scale: Literal["log-log", "plain"] = "log-log"
) -> Curve:
    """The curve.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event, 0 for censoring.
        confidence: of the interval.
        scale: of the interval, as R's `conf.type`; plain limits are cut to [0, 1].

    Raises:
        NotEstimable: there are no subjects.
    """
    t, d = follow_up(time, event)
    times, place = np.unique(t, return_inverse=True)
    leaving = np.bincount(place, minlength=len(times))
    events = np.bincount(place, weights=d, minlength=len(times)).astype(int)
    at_risk = len(t) - np.append(0, np.cumsum(leaving)[:-1])
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        half = norm.ppf(0.5 + confidence / 2) * np.sqrt(greenwood)
        if scale == "plain":
            lower, upper = np.clip([survival * (1 - half), survival * (1 + half)], 0, 1)
        else:
            lower, upper = (survival ** np.exp(sign * half / np.log(survival)) for sign in (-1, 1))
    inside = (survival > 0) & (survival < 1)
    error = np.where(survival > 0, survival * np.sqrt(np.where(inside, greenwood, 0)), 0.0)
    # at 0 R has no limits; the curve's own value at least shows where it is
    return Curve(
        times, survival, error, np.where(inside, lower, survival), np.where(inside, upper, survival), at_risk, events
    )


def _crossing(time: np.ndarray, survival: np.ndarray) -> float | None:
    tolerance = 1e-9  # of rounding in a product of fractions that makes one half
    below = np.flatnonzero(survival < 0.5 + tolerance)
    if not len(below):
        return None
    first = below[0]
    if abs(survival[first] - 0.5) < tolerance:
        lower = np.flatnonzero(survival < 0.5 - tolerance)
        if len(lower):
            return float((time[first] + time[lower[0]]) / 2)
    return float(time[first])
