"""Cox's partial likelihood with ties by Efron: its value, derivatives, and what each subject adds to them.

Weighted as by R's `coxph`: tied events share the mean of their weights (Therneau and Grambsch, Modeling Survival Data,
2000, section 3.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Stratum:
    """The subjects of a stratum in the order of their times, and where its events are among them.

    Attributes:
        rows: places of the subjects in the data, (subjects,).
        x: covariates, (subjects, covariates).
        weight: (subjects,).
        time: of the events, each once, (times,).
        start: the first subject who is at risk at each event time, (times,).
        events: subjects with the event, in the order of time, (events,).
        first: place in `events` of the first event at each time, (times,).
        at: number of each event's time, (events,).
        share: of the events at its time that Efron's method has removed before each event, (events,).
    """

    rows: np.ndarray
    x: np.ndarray
    weight: np.ndarray
    time: np.ndarray
    start: np.ndarray
    events: np.ndarray
    first: np.ndarray
    at: np.ndarray
    share: np.ndarray

    @property
    def number(self) -> np.ndarray:
        """Events at each time."""
        return np.bincount(self.at)


class Contributions(NamedTuple):
    """What each event time adds to the log likelihood, the score and the information; the first axis is time."""

    loglik: np.ndarray
    score: np.ndarray
    information: np.ndarray


def stratum(t: np.ndarray, d: np.ndarray, x: np.ndarray, w: np.ndarray, rows: np.ndarray) -> Stratum:
    """The subjects of a stratum, at least one of them with an event.

    Args:
        t: times, (subjects,).
        d: 1 for an event.
        x: covariates, (subjects, covariates).
        w: weights.
        rows: places of the stratum's subjects.
    """
    rows = rows[np.argsort(t[rows], kind="stable")]
    events = np.flatnonzero(d[rows] == 1)
    time, first, at, number = np.unique(t[rows][events], return_index=True, return_inverse=True, return_counts=True)
    share = (np.arange(len(events)) - first[at]) / number[at]
    start = np.searchsorted(t[rows], time)
    return Stratum(rows, x[rows], w[rows], time, start, events, first, at, share)


def derivatives(strata: Sequence[Stratum], beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, score (covariates,) and information (covariates, covariates)."""
    parts = [[part.sum(axis=0) for part in contributions(of, beta)] for of in strata]
    loglik, score, information = (sum(part) for part in zip(*parts, strict=True))
    return float(loglik), np.asarray(score), np.asarray(information)


def contributions(of: Stratum, beta: np.ndarray) -> Contributions:
    """Of each event time."""
    s0, mean, second = efron(of, beta)
    x, weight = of.x[of.events], of.weight[of.events]
    each = _mean_weight(of)
    variance = second - mean[:, :, None] * mean[:, None, :]
    parts = (
        weight * (x @ beta) - each * np.log(s0),
        weight[:, None] * x - each[:, None] * mean,
        each[:, None, None] * variance,
    )
    return Contributions(*(np.add.reduceat(part, of.first) for part in parts))


def score_residuals(strata: Sequence[Stratum], beta: np.ndarray, subjects: int) -> np.ndarray:
    """What each subject, unweighted, adds to the score; (subjects, covariates).

    With ties by Efron, as R's `residuals(fit, "score")`: a subject with the event has left by its share.
    """
    residuals = np.zeros((subjects, len(beta)))
    for of in strata:
        s0, mean, _ = efron(of, beta)
        # of the baseline hazard at each event, and the same times the mean covariates of those at risk
        hazard = (_mean_weight(of) / s0)[:, None] * np.column_stack([np.ones(len(mean)), mean])
        # summed over the events up to each subject's time, without the share that it has left by at its own event
        passed = np.searchsorted(of.start, np.arange(len(of.rows)), side="right")
        summed = np.vstack([np.zeros(hazard.shape[1]), np.add.reduceat(hazard, of.first).cumsum(axis=0)])[passed]
        summed[of.events] -= np.add.reduceat(of.share[:, None] * hazard, of.first)[of.at]
        expected = np.exp(of.x @ beta)[:, None] * (summed[:, :1] * of.x - summed[:, 1:])
        expected[of.events] -= of.x[of.events] - (np.add.reduceat(mean, of.first) / of.number[:, None])[of.at]
        residuals[of.rows] = -expected
    return residuals


def _mean_weight(of: Stratum) -> np.ndarray:
    """Of the events at the time of each event, (events,)."""
    return (np.bincount(of.at, of.weight[of.events]) / of.number)[of.at]


def efron(of: Stratum, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of the hazards exp(x beta) of those who are left at risk at each event, and the means that they weight.

    Returns:
        sum (events,), mean covariates (events, covariates), mean of x x' (events, covariates, covariates).
    """
    p = len(beta)
    hazard = of.weight * np.exp(of.x @ beta)
    squares = (of.x[:, :, None] * of.x[:, None, :]).reshape(len(of.x), p * p)
    moments = hazard[:, None] * np.column_stack([np.ones(len(of.x)), of.x, squares])
    # summed from the last subject on, so that those who have left take no part in the rounding
    at_risk = moments[::-1].cumsum(axis=0)[::-1][of.start]
    tied = np.add.reduceat(moments[of.events], of.first)
    left = at_risk[of.at] - of.share[:, None] * tied[of.at]
    means = left[:, 1:] / left[:, :1]
    return left[:, 0], means[:, :p], means[:, p:].reshape(-1, p, p)
