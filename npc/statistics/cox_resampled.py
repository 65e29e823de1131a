"""Cox regression of many bootstrap samples at once: the same patients, each sample with weights of its own.

With E events and n subjects, Efron's risk sets are one matrix (E, n): 1 where the subject is at risk at the event, less
k / d for those of the d tied events, of which k come before (Therneau and Grambsch, 2000, section 3.3). The sums of the
partial likelihood over the risk sets of all samples are then products of matrices.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable
from npc.statistics.inputs import follow_up

MAX_STEPS = 40
LARGEST_MOVE = 3.0  # of a subject's log hazard in one step
TOLERANCE = 1e-7  # of the last step; the error is then about its square
LARGEST_CONDITION = 1e9


@dataclass(frozen=True)
class Resampled:
    """Fitted models; a sample that has no maximum is NaN.

    Attributes:
        coefficient: log hazard ratios, (samples, covariates).
        times: of the events, in order; tied ones are repeated, (events,).
        jumps: of the cumulative hazard at mean covariates, at each event, (samples, events).
        mean: of the covariates, at which the cumulative hazard is, (covariates,).
    """

    coefficient: np.ndarray
    times: np.ndarray
    jumps: np.ndarray
    mean: np.ndarray


def resampled_cox(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, weights: ArrayLike, penalty: float = 0.0
) -> Resampled:
    """Fits each sample by Newton's method, with Efron's ties.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event.
        covariates: (subjects, covariates).
        weights: 0 or more, (samples, subjects); how often each subject is in a sample.
        penalty: of half the squares of all coefficients but the first, per standard deviation (ridge).

    Raises:
        NotEstimable: there is no event.
    """
    t, d = follow_up(time, event)
    x, w = np.asarray(covariates, dtype=float), np.asarray(weights, dtype=float)
    if not d.any():
        raise NotEstimable("there is no event")
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    x = (x - mean) / scale
    events = np.flatnonzero(d)[np.argsort(t[d == 1], kind="stable")]
    times = t[events]
    tied = (times[:, None] == t) & (d == 1)
    number = tied.sum(axis=1)
    before = np.arange(len(times)) - np.searchsorted(times, times)
    risk = (t >= times[:, None]) - (before / number)[:, None] * tied
    share = w @ (tied / number[:, None]).T  # mean weight of the tied events, (samples, events)
    seen = (w * d) @ x
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(t), -1)

    samples, p = len(w), x.shape[1]
    ridge = np.diag(np.append(0.0, np.full(p - 1, penalty)))
    beta, done = np.zeros((samples, p)), np.zeros(samples, bool)
    with np.errstate(all="ignore"):
        for _ in range(MAX_STEPS):
            relative, jumps = _jumps(beta, x, w, risk, share)
            means = np.stack([(relative * column) @ risk.T for column in x.T], axis=2) * _inverse(relative @ risk.T)
            weighted = share[:, None, :] @ means
            score = seen - weighted[:, 0] - beta @ ridge
            information = ((relative * (jumps @ risk)) @ squares).reshape(samples, p, p) + ridge
            information -= (means * share[..., None]).transpose(0, 2, 1) @ means
            move = _solve(information, score)
            farthest = np.abs(move @ x.T).max(axis=1, keepdims=True)
            beta = beta + move * np.minimum(1, LARGEST_MOVE / np.maximum(farthest, 1e-300))
            done = np.abs(move).max(axis=1) < TOLERANCE
            if (done | np.isnan(beta).any(axis=1)).all():
                break
        beta[~done] = np.nan
        jumps = _jumps(beta, x, w, risk, share)[1]
    return Resampled(beta / scale, times, jumps, mean)


def _jumps(
    beta: np.ndarray, x: np.ndarray, w: np.ndarray, risk: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted relative hazards, (samples, subjects), and jumps of the cumulative hazard, (samples, events)."""
    relative = w * np.exp(beta @ x.T)
    return relative, share * _inverse(relative @ risk.T)[..., 0]


def _inverse(sums: np.ndarray) -> np.ndarray:
    """Reciprocals of the sums over the risk sets; 0 where no subject of a sample is at risk, and none has an event."""
    return np.where(sums > 0, 1 / sums, 0.0)[..., None]


def _solve(information: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Newton's steps; NaN of samples whose information vanishes, as it does where a coefficient has no bound."""
    usable = np.isfinite(information).all(axis=(1, 2))
    information = np.where(usable[:, None, None], information, np.eye(information.shape[1]))
    usable &= np.linalg.cond(information) < LARGEST_CONDITION
    information = np.where(usable[:, None, None], information, np.eye(information.shape[1]))
    return np.where(usable[:, None], np.linalg.solve(information, score[..., None])[..., 0], np.nan)
