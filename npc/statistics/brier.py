"""Brier score of absolute risks among patients of whom some are censored, at a horizon and integrated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.censoring import Censoring, censoring, known
from npc.statistics.estimate import Estimate
from npc.statistics.kaplan_meier import kaplan_meier


@dataclass(frozen=True)
class Brier:
    """A Brier score.

    Attributes:
        score: 0 is perfect.
        ipa: index of prediction accuracy: 1 minus the score over that of the cohort's own Kaplan-Meier estimate
            (Kattan and Gerds, 2018); 0 is no better than it, below 0 worse.
    """

    score: Estimate
    ipa: float | NotEstimable


def brier(time: ArrayLike, event: ArrayLike, probability: ArrayLike, horizon: float, confidence: float = 0.95) -> Brier:
    """Mean squared difference of probability and event by the horizon, weighted for censoring (Graf et al., 1999).

    Wald's interval, cut at 0; variance by infinitesimal jackknife, that of the weights included.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        probability: of the event by the horizon, (patients,).
        horizon: in the unit of time.
        confidence: of the interval.

    Raises:
        NotEstimable: no event by the horizon, or follow-up ends before.
    """
    found = censoring(time, event)
    score, influence = _score(found, np.asarray(probability, dtype=float), horizon)
    own = 1 - kaplan_meier(time, event).survival_at([horizon])[0]
    reference, _ = _score(found, np.full(len(found.time), own), horizon)
    ipa = 1 - score / reference if reference > 0 else NotEstimable("the cohort's own estimate makes no error")
    return Brier(_estimate(score, influence, confidence), ipa)


def integrated_brier(
    time: ArrayLike, event: ArrayLike, probability: ArrayLike, times: ArrayLike, confidence: float = 0.95
) -> Brier:
    """Mean of the Brier score over time, by the trapezoidal rule.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        probability: of the event by each of `times`, (patients, times).
        times: ascending, none before the first event, (times,).
        confidence: of the interval.

    Raises:
        NotEstimable: fewer than two times, no event by the first, or follow-up ends before the last.
    """
    found, at = censoring(time, event), np.asarray(times, dtype=float)
    if len(at) < 2:
        raise NotEstimable("there is no stretch of time to integrate over")
    p = np.asarray(probability, dtype=float)
    own = 1 - kaplan_meier(time, event).survival_at(at)
    scores, influences = zip(*(_score(found, p[:, i], one) for i, one in enumerate(at)), strict=True)
    reference = [_score(found, np.full(len(p), q), one)[0] for q, one in zip(own, at, strict=True)]
    length = at[-1] - at[0]
    score, null = (float(np.trapezoid(values, at) / length) for values in (scores, reference))
    influence = np.trapezoid(np.stack(influences), at, axis=0) / length
    ipa = 1 - score / null if null > 0 else NotEstimable("the cohort's own estimate makes no error")
    return Brier(_estimate(score, influence, confidence), ipa)


def _score(found: Censoring, probability: np.ndarray, horizon: float) -> tuple[float, np.ndarray]:
    """The score, and the influence of each patient on it."""
    case, weight = known(found, horizon)
    parts = weight * (case - probability) ** 2
    score = float(parts.mean())
    return score, (parts + found.through_weights(parts, horizon) - score) / len(parts)


def _estimate(score: float, influence: np.ndarray, confidence: float) -> Estimate:
    half = float(norm.ppf(0.5 + confidence / 2)) * float((influence**2).sum() ** 0.5)
    if half == 0:
        return Estimate(score, NotEstimable("the score has no variance"))
    return Estimate(score, (max(score - half, 0.0), score + half))
