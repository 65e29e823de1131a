"""Net benefit of acting on a risk (Vickers and Elkin, 2006), for a time to an event (Vickers et al., 2008)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.censoring import check_horizon
from npc.statistics.inputs import follow_up, one_risk
from npc.statistics.kaplan_meier import kaplan_meier

THRESHOLDS = tuple(percent / 100 for percent in range(1, 100))


@dataclass(frozen=True)
class NetBenefit:
    """At one threshold.

    Attributes:
        threshold: probability of the event at which the harm of treating in vain equals the benefit.
        model: of treating those above it, or why it is not estimable.
        ci: its limits; None where it has no variance.
        all: of treating everyone; of treating no one it is 0.
    """

    threshold: float
    model: float | NotEstimable
    ci: tuple[float, float] | None
    all: float


def net_benefit(
    time: ArrayLike,
    event: ArrayLike,
    probability: ArrayLike,
    horizon: float,
    thresholds: tuple[float, ...] = THRESHOLDS,
    confidence: float = 0.95,
) -> list[NetBenefit]:
    """Decision curve; the share of events among those above a threshold is that of their Kaplan-Meier curve.

    The interval is Wald's, of two independent parts: the share above the threshold, and Greenwood's of the curve.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        probability: of the event by the horizon, (patients,).
        horizon: in the unit of time.
        thresholds: between 0 and 1.
        confidence: of the intervals.

    Raises:
        NotEstimable: no event by the horizon, or follow-up ends before.
    """
    t, d = follow_up(time, event)
    _, p = one_risk(d, probability)
    check_horizon(t, d, horizon)
    everyone, _ = _risk(t, d, horizon)
    found = []
    for threshold in thresholds:
        odds = threshold / (1 - threshold)
        above = p > threshold
        of_all = everyone - (1 - everyone) * odds
        if not above.any():
            found.append(NetBenefit(threshold, 0.0, None, of_all))
            continue
        try:
            risk, variance = _risk(t[above], d[above], horizon)
        except NotEstimable as reason:
            found.append(NetBenefit(threshold, reason.with_traceback(None), None, of_all))
            continue
        share, gain = above.mean(), risk - (1 - risk) * odds
        error = np.sqrt(gain**2 * share * (1 - share) / len(t) + (share * (1 + odds)) ** 2 * variance)
        half, value = float(norm.ppf(0.5 + confidence / 2) * error), float(share * gain)
        found.append(NetBenefit(threshold, value, (value - half, value + half) if half > 0 else None, of_all))
    return found


def _risk(time: np.ndarray, event: np.ndarray, horizon: float) -> tuple[float, float]:
    """Risk by the horizon and its variance."""
    curve = kaplan_meier(time, event)
    if time.max() < horizon and curve.survival[-1] > 0:
        raise NotEstimable(
            f"follow-up of the patients above the threshold ends at month {time.max():g}, before month {horizon:g}"
        )
    error = np.append(0.0, curve.standard_error)[np.searchsorted(curve.time, horizon, side="right")]
    return float(1 - curve.survival_at([horizon])[0]), float(error) ** 2
