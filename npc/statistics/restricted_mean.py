"""Restricted mean survival time, and its difference between two groups."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.kaplan_meier import Curve


@dataclass(frozen=True)
class Difference:
    """Of two restricted means.

    Attributes:
        estimate: first minus second, in the unit of time.
        ci: lower and upper limit.
        p: of the z test, two-sided.
    """

    estimate: float
    ci: tuple[float, float]
    p: float


def restricted_mean(curve: Curve, until: float) -> tuple[float, float]:
    """The area under the curve up to a time, and its variance.

    Variance as R's `survival` gives it (`print(survfit(...), rmean =)`), by Greenwood.

    Raises:
        NotEstimable: the curve ends before `until`.
    """
    if not until > 0:
        raise ValueError(f"a mean until {until:g}")
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


def restricted_mean_difference(first: Curve, second: Curve, until: float, confidence: float = 0.95) -> Difference:
    """How much longer the first group is free of the event up to a time (Royston and Parmar, 2013).

    Raises:
        NotEstimable: a curve ends before `until`, or no subject has an event before.
    """
    (one, variance), (other, other_variance) = restricted_mean(first, until), restricted_mean(second, until)
    error = np.sqrt(variance + other_variance)
    if error == 0:
        raise NotEstimable(f"the means until {until:g} have no variance")
    estimate, half = one - other, norm.ppf(0.5 + confidence / 2) * error
    limits = (float(estimate - half), float(estimate + half))
    return Difference(estimate, limits, float(2 * norm.sf(abs(estimate) / error)))
