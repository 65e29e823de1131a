"""Whether absolute risks by a horizon agree with what happened, where some patients are censored before.

Measures of McLernon, Giardiello et al., Annals of Internal Medicine 2023, and Austin, Harrell and van Klaveren,
Statistics in Medicine 2020 (ICI, E50 and E90).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.baseline import baseline
from npc.statistics.censoring import check_horizon
from npc.statistics.cox import cox
from npc.statistics.estimate import Estimate
from npc.statistics.inputs import follow_up, one_risk
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.resampled_calibration import KNOTS, resampled
from npc.statistics.spline import restricted_cubic_spline


@dataclass(frozen=True)
class Smoothed:
    """Observed against predicted risk, smoothed.

    Attributes:
        predicted: risks at which the curve is given, ascending, (points,).
        observed: the curve, (points,).
        band: limits of the curve, of each point by itself, both (points,); or why there are none.
        ici: mean absolute distance of predicted and observed risk of the patients.
        e50: its median.
        e90: its 90th percentile.
    """

    predicted: np.ndarray
    observed: np.ndarray
    band: tuple[np.ndarray, np.ndarray] | NotEstimable
    ici: Estimate
    e50: Estimate
    e90: Estimate


def observed_expected(
    time: ArrayLike, event: ArrayLike, probability: ArrayLike, horizon: float, confidence: float = 0.95
) -> Estimate:
    """Kaplan-Meier risk by the horizon over the mean predicted risk: 1 is right, above 1 too few are foreseen.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        probability: of the event by the horizon, (patients,).
        horizon: in the unit of time.
        confidence: of the interval, which is Kaplan-Meier's log(-log) interval over the mean.

    Raises:
        NotEstimable: no event by the horizon, or follow-up ends before.
    """
    t, d, p = _checked(time, event, probability, horizon)
    curve, expected = kaplan_meier(t, d, confidence), p.mean()
    if expected == 0:
        raise NotEstimable("no event is expected")
    at = np.searchsorted(curve.time, horizon, side="right") - 1
    low, high = ((1 - limit[at]) / expected for limit in (curve.upper, curve.lower))
    ci = (float(low), float(high)) if low < high else NotEstimable("Kaplan-Meier's curve has no interval there")
    return Estimate(float((1 - curve.survival[at]) / expected), ci)


def calibration_intercept(
    time: ArrayLike, event: ArrayLike, cumulative_hazard: ArrayLike, horizon: float, confidence: float = 0.95
) -> Estimate:
    """Log of events over expected events up to the horizon: 0 is right, above 0 too few are foreseen.

    It is the intercept of a Poisson regression with the log of the cumulative hazard as offset (Crowson, Atkinson and
    Therneau, Statistical Methods in Medical Research 2016).

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        cumulative_hazard: predicted, of each patient at their own time or the horizon, whichever is first, (patients,).
        horizon: in the unit of time.
        confidence: of Wald's interval.

    Raises:
        NotEstimable: no event by the horizon, follow-up ends before, or no event is expected.
    """
    t, d, expected = _checked(time, event, cumulative_hazard, horizon)
    observed = float((d * (t <= horizon)).sum())
    if not 0 < expected.sum() < np.inf:
        raise NotEstimable("no event is expected" if expected.sum() == 0 else "infinitely many events are expected")
    value, half = float(np.log(observed / expected.sum())), float(norm.ppf(0.5 + confidence / 2)) / observed**0.5
    return Estimate(value, (value - half, value + half))


def calibration_slope(
    time: ArrayLike, event: ArrayLike, predictor: ArrayLike, horizon: float, confidence: float = 0.95
) -> Estimate:
    """Coefficient of the linear predictor in a Cox regression: 1 is right, below 1 the predictions are too extreme.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        predictor: linear predictor, (patients,).
        horizon: follow-up after it is not used.
        confidence: of Wald's interval.

    Raises:
        NotEstimable: as for `observed_expected`, or the regression has no solution.
    """
    t, d, x = _checked(time, event, predictor, horizon)
    found = cox(np.minimum(t, horizon), d * (t <= horizon), x)
    value, half = float(found.coefficient[0]), float(norm.ppf(0.5 + confidence / 2) * found.standard_error[0])
    return Estimate(value, (value - half, value + half))


def smoothed(
    time: ArrayLike,
    event: ArrayLike,
    probability: ArrayLike,
    horizon: float,
    *,
    points: int = 100,
    draws: int = 500,
    seed: int = 0,
    confidence: float = 0.95,
) -> Smoothed:
    """Observed risk as a smooth function of the predicted one: Cox regression on a spline of log(-log(1 - p)).

    The spline has three knots, at the 10th, 50th and 90th percentile. Intervals are percentiles of bootstrap samples
    (`resampled_calibration`).

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        probability: of the event by the horizon, (patients,).
        horizon: in the unit of time; follow-up after it is not used.
        points: of the curve.
        draws: of the bootstrap.
        seed: of the draws.
        confidence: of the intervals.

    Raises:
        NotEstimable: as for `observed_expected`; a probability of 0 or 1; or the regression has no solution.
    """
    t, d, p = _checked(time, event, probability, horizon)
    if ((p <= 0) | (p >= 1)).any():
        raise NotEstimable("a predicted risk of 0 or 1 has no place on the curve")
    t, d = np.minimum(t, horizon), d * (t <= horizon)
    x, predicted = log_log(p), np.linspace(p.min(), p.max(), points)
    knots = np.quantile(x, KNOTS)
    bent = bool((np.diff(knots) > 1e-8).all())  # else too few different predictions for a curve

    def terms(values: np.ndarray) -> np.ndarray:
        return np.column_stack([values, restricted_cubic_spline(values, knots)]) if bent else values[:, None]

    design = terms(x)
    centre = design.mean(axis=0)
    coefficient = cox(t, d, design).coefficient
    hazards = baseline(t, d, (design - centre) @ coefficient)
    own, curve = (
        hazards.probability((terms(values) - centre) @ coefficient, [horizon])[:, 0]
        for values in (x, log_log(predicted))
    )
    found = distances(p, own)
    try:
        curves, measures = resampled(t, d, x, log_log(predicted), bent=bent, draws=draws, seed=seed)
    except NotEstimable as reason:
        none = NotEstimable(str(reason))
        return Smoothed(predicted, curve, none, *(Estimate(float(value), none) for value in found))
    limits = [0.5 - confidence / 2, 0.5 + confidence / 2]
    low, high = np.quantile(curves, limits, axis=0)
    ends = np.quantile(measures, limits, axis=0).T
    return Smoothed(
        predicted,
        curve,
        (low, high),
        *(Estimate(float(of), (float(a), float(b))) for of, (a, b) in zip(found, ends, strict=True)),
    )


def log_log(probability: np.ndarray) -> np.ndarray:
    """log(-log(1 - p)): the linear predictor plus the log of the cumulative baseline hazard."""
    return np.log(-np.log1p(-probability))


def distances(predicted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """ICI, E50 and E90 of risks of shape (patients,)."""
    distance = np.abs(predicted - observed)
    return np.array([distance.mean(), *np.quantile(distance, [0.5, 0.9])])


def _checked(
    time: ArrayLike, event: ArrayLike, values: ArrayLike, horizon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t, d = follow_up(time, event)
    _, x = one_risk(d, values)
    check_horizon(t, d, horizon)
    return t, d, x
