"""Regression of the subdistribution hazard with a competing event (Fine and Gray, JASA 1999).

A patient who had the competing event stays at risk, with the weight of not having been censored since: the probability
of no censoring before an event time over that before the patient's own time. With these weights it is a Cox regression
(Geskus, Biometrics 2011; R's `finegray` and `coxph`), with Efron's ties. The variance is Lin and Wei's sandwich, which
takes the weights as known.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.censoring import censoring
from npc.statistics.cox import MAX_STEPS, Cox
from npc.statistics.inputs import follow_up


def fine_gray(time: ArrayLike, cause: ArrayLike, covariates: ArrayLike, of: int = 1) -> Cox:
    """Fits by Newton's method, with steps halved until the likelihood rises.

    Args:
        time: to the first event or censoring, (patients,).
        cause: 0 for censoring, else which event came first, (patients,).
        covariates: finite, (patients,) or (patients, covariates).
        of: the event of interest.

    Returns:
        Its hazard ratios are of the subdistribution hazard; without test of proportional hazards.

    Raises:
        NotEstimable: no event, a covariate without variation, or one that perfectly predicts the order of events.
    """
    which = np.asarray(cause)
    t, d = follow_up(time, (which == of).astype(int))
    x = np.asarray(covariates, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != len(t) or not np.isfinite(x).all():
        raise ValueError("covariates must be finite, of shape (patients, covariates)")
    if not d.any():
        raise NotEstimable("there is no event")
    if np.linalg.matrix_rank(x - x.mean(axis=0)) < x.shape[1]:
        raise NotEstimable("a covariate does not vary, or follows from the others")
    scale = x.std(axis=0)
    standard = (x - x.mean(axis=0)) / scale
    events = np.flatnonzero(d)[np.argsort(t[d == 1], kind="stable")]
    weight = _weights(t, which, of, events)
    beta = np.zeros(x.shape[1])
    loglik, score, information = _derivatives(standard, events, weight, beta)
    null = loglik
    for _ in range(MAX_STEPS):
        if np.abs(beta).max() > 30 or np.linalg.eigvalsh(information)[0] < 1e-7 * len(events):
            raise NotEstimable("a covariate perfectly predicts the order of the events: its hazard ratio has no bound")
        move = np.linalg.solve(information, score)
        while (after := _derivatives(standard, events, weight, beta + move))[0] < loglik - 1e-12 * abs(loglik):
            move = move / 2
        beta, (loglik, score, information) = beta + move, after
        if np.abs(move).max() < 1e-10:
            break
    else:
        raise NotEstimable("the regression does not converge")
    change = _score_residuals(standard, t, events, weight, beta) @ np.linalg.inv(information)
    error = np.sqrt(np.diag(change.T @ change)) / scale
    coefficient = beta / scale
    p = 2 * norm.sf(np.abs(coefficient / error))
    return Cox(coefficient, error, p, (null, loglik), (None,) * len(beta), None)


def _weights(t: np.ndarray, cause: np.ndarray, of: int, events: np.ndarray) -> np.ndarray:
    """Of every patient at each event, (events, patients): 0 where not at risk; of tied events part has left (Efron)."""
    free = censoring(t, (cause != 0).astype(int))
    times = t[events]
    since = free.uncensored_before(times)[:, None] / free.uncensored_before(t)
    competing = (cause != 0) & (cause != of)
    weight = np.where(t >= times[:, None], 1.0, np.where(competing, since, 0.0))
    tied = (times[:, None] == t) & (cause == of)
    before = np.arange(len(times)) - np.searchsorted(times, times)
    return weight - (before / tied.sum(axis=1))[:, None] * tied


def _derivatives(
    x: np.ndarray, events: np.ndarray, weight: np.ndarray, beta: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, score (covariates,) and information (covariates, covariates)."""
    total, mean = _means(x, weight, beta)
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    hazard = np.exp(x @ beta)
    second = ((weight / total[:, None]).sum(axis=0) * hazard) @ squares
    loglik = float((x[events] @ beta).sum() - np.log(total).sum())
    return loglik, (x[events] - mean).sum(axis=0), second.reshape((len(beta),) * 2) - mean.T @ mean


def _means(x: np.ndarray, weight: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the hazards of those at risk at each event, (events,), and their mean covariates."""
    hazard = np.exp(x @ beta)
    total = weight @ hazard
    return total, (weight @ (hazard[:, None] * x)) / total[:, None]


def _score_residuals(
    x: np.ndarray, t: np.ndarray, events: np.ndarray, weight: np.ndarray, beta: np.ndarray
) -> np.ndarray:
    """What each patient adds to the score, with its weights; (patients, covariates)."""
    total, mean = _means(x, weight, beta)
    each = weight.T / total  # (patients, events)
    expected = np.exp(x @ beta)[:, None] * (each.sum(axis=1)[:, None] * x - each @ mean)
    tied = t[events][:, None] == t[events]
    found = -expected
    found[events] += x[events] - (tied / tied.sum(axis=1, keepdims=True)) @ mean
    return found
