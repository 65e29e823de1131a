"""Kaplan-Meier curves with intervals, medians, numbers at risk and restricted means."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics import NotEstimable


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve; all arrays are (times,), at the distinct times of events and censorings, ascending.

    Attributes:
        time: in the unit given.
        survival: just after each time.
        standard_error: of the survival (Greenwood).
        lower: limit of the interval on the log(-log) scale; where survival is 1 or 0 it is the survival itself.
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


def kaplan_meier(time: ArrayLike, event: ArrayLike, confidence: float = 0.95) -> Curve:
    """The curve; its interval is that of R's `survfit(conf.type = "log-log")`.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event, 0 for censoring.
        confidence: of the interval.

    Raises:
        NotEstimable: nobody is there.
    """
    t, d = checked(time, event)
    times, place = np.unique(t, return_inverse=True)
    leaving = np.bincount(place, minlength=len(times))
    events = np.bincount(place, weights=d, minlength=len(times)).astype(int)
    at_risk = len(t) - np.append(0, np.cumsum(leaving)[:-1])
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        half = norm.ppf(0.5 + confidence / 2) * np.sqrt(greenwood) / np.log(survival)
        lower, upper = survival ** np.exp(-half), survival ** np.exp(half)
    inside = (survival > 0) & (survival < 1)
    error = np.where(survival > 0, survival * np.sqrt(np.where(inside, greenwood, 0)), 0.0)
    # at 0 R has no limits; the curve's own value says at least where it is
    return Curve(
        times, survival, error, np.where(inside, lower, survival), np.where(inside, upper, survival), at_risk, events
    )


def restricted_mean(curve: Curve, until: float) -> tuple[float, float]:
    """Restricted mean survival time: the area under the curve up to a time, and its variance.

    Variance as R's `survival` gives it (`print(survfit(...), rmean =)`), by Greenwood.

    Raises:
        NotEstimable: the curve ends before `until`.
    """
    if until > curve.time[-1] and curve.survival[-1] > 0:
        raise NotEstimable(f"follow-up ends at {curve.time[-1]:g}, before {until:g}")
    within = curve.time < until
    edges = np.concatenate([[0.0], curve.time[within], [until]])
    pieces = np.diff(edges) * np.append(1.0, curve.survival[within])
    after = pieces[::-1].cumsum()[::-1][1:]  # area from each time on
    events, at_risk = curve.events[within], curve.at_risk[within]
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > events, events / (at_risk * (at_risk - events)), 0.0)
    return float(pieces.sum()), float((after**2 * hazard).sum())


def checked(time: ArrayLike, event: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Times and events as float arrays.

    Raises:
        ValueError: other shapes, NaN, negative times, events other than 0 and 1.
        NotEstimable: nobody is there.
    """
    t, d = np.asarray(time, dtype=float), np.asarray(event, dtype=float)
    if t.ndim != 1 or t.shape != d.shape or not np.isfinite(t).all() or (t < 0).any() or not np.isin(d, (0, 1)).all():
        raise ValueError("time must be 0 or more and event 0 or 1, both of shape (subjects,)")
    if not len(t):
        raise NotEstimable("nobody is there")
    return t, d


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
