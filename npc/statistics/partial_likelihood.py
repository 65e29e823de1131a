"""Cox's partial likelihood with ties by Efron: its value, derivatives, and what each subject adds to them.

Weighted as by R's `coxph`: tied events share the mean of their weights (Therneau and Grambsch, Modeling Survival Data,
2000, section 3.3).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class RiskSet(NamedTuple):
    """Of an event time in a stratum.

    Attributes:
        time: of the events.
        event_rows: subjects with the event, by their place in the data.
        events: their covariates, (events, covariates).
        event_weight: their weights.
        rows: all at risk, those with the event among them.
        at_risk: their covariates.
        weight: their weights.
    """

    time: float
    event_rows: np.ndarray
    events: np.ndarray
    event_weight: np.ndarray
    rows: np.ndarray
    at_risk: np.ndarray
    weight: np.ndarray


def risk_sets(t: np.ndarray, d: np.ndarray, x: np.ndarray, w: np.ndarray, rows: np.ndarray) -> list[RiskSet]:
    """The event times of a stratum, in order.

    Args:
        t: times, (subjects,).
        d: 1 for an event.
        x: covariates, (subjects, covariates).
        w: weights.
        rows: places of the stratum's subjects.
    """
    rows = rows[np.argsort(t[rows], kind="stable")]
    sets = []
    for at in np.unique(t[rows][d[rows] == 1]):
        events, at_risk = rows[(t[rows] == at) & (d[rows] == 1)], rows[np.searchsorted(t[rows], at) :]
        sets.append(RiskSet(at, events, x[events], w[events], at_risk, x[at_risk], w[at_risk]))
    return sets


def derivatives(sets: list[RiskSet], beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, score (covariates,) and information (covariates, covariates)."""
    loglik, score = 0.0, np.zeros(len(beta))
    information = np.zeros((len(beta),) * 2)
    for risk_set in sets:
        part, residual, variance = event_time(risk_set, beta)
        loglik, score, information = loglik + part, score + residual, information + variance
    return loglik, score, information


def event_time(of: RiskSet, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, score and information of one event time."""
    loglik = float((of.event_weight * (of.events @ beta)).sum())
    score = (of.event_weight[:, None] * of.events).sum(axis=0)
    information = np.zeros((len(beta),) * 2)
    each = of.event_weight.mean()
    for _, (s0, s1, s2) in _efron(of, beta):
        mean = s1 / s0
        loglik -= each * float(np.log(s0))
        score = score - each * mean
        information += each * (s2 / s0 - np.outer(mean, mean))
    return loglik, score, information


def _efron(of: RiskSet, beta: np.ndarray) -> Iterator[tuple[float, tuple[float, np.ndarray, np.ndarray]]]:
    """Of each tied event: the share of the events that has left, and the sums over all who are left at risk.

    The sums are of exp(x beta), times x, and times x x'.
    """
    weight, tied = of.weight * np.exp(of.at_risk @ beta), of.event_weight * np.exp(of.events @ beta)
    sums = weight.sum(), weight @ of.at_risk, (of.at_risk.T * weight) @ of.at_risk
    ties = tied.sum(), tied @ of.events, (of.events.T * tied) @ of.events
    for k in range(len(of.events)):
        share = k / len(of.events)
        s0, s1, s2 = (whole - share * part for whole, part in zip(sums, ties, strict=True))
        yield share, (s0, s1, s2)


def score_residuals(sets: list[RiskSet], beta: np.ndarray, subjects: int, *, weighted: bool = False) -> np.ndarray:
    """What each subject adds to the score, unweighted or with its weight of each time; (subjects, covariates).

    With ties by Efron, as R's `residuals(fit, "score")`: a subject with the event has left by its share.
    """
    residuals = np.zeros((subjects, len(beta)))
    for of in sets:
        each, hazard = of.event_weight.mean(), np.exp(of.at_risk @ beta)
        hazard = hazard * of.weight if weighted else hazard
        tied = np.isin(of.rows, of.event_rows)
        for share, (s0, s1, _) in _efron(of, beta):
            mean = s1 / s0
            expected = each / s0 * hazard * np.where(tied, 1 - share, 1)
            residuals[of.rows] -= expected[:, None] * (of.at_risk - mean)
            change = (of.events - mean) / len(of.events)
            residuals[of.event_rows] += change * of.event_weight[:, None] if weighted else change
    return residuals
