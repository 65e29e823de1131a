"""Cox regression (Efron's ties), weighted and robust, and the score test of proportional hazards.

As R's `coxph` and `cox.zph` of the package survival.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm

from npc.statistics import NotEstimable
from npc.statistics.inputs import follow_up
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.logrank import Test
from npc.statistics.partial_likelihood import Stratum, contributions, derivatives, score_residuals, stratum

MAX_STEPS = 50
FARTHEST = 300  # log hazard of a subject, from the mean


@dataclass(frozen=True)
class Cox:
    """A fitted model; arrays are (covariates,).

    Attributes:
        coefficient: log hazard ratios.
        standard_error: of the coefficients, robust if that was asked for.
        p: Wald's, two-sided.
        log_likelihood: partial, of no coefficients and of these.
        proportional_hazards: test of each covariate, with time as 1 minus Kaplan-Meier; None where it is not
            estimable, as with all events at one time, and of a stratified or weighted model.
        proportional_hazards_global: of all together.
    """

    coefficient: np.ndarray
    standard_error: np.ndarray
    p: np.ndarray
    log_likelihood: tuple[float, float]
    proportional_hazards: tuple[Test | None, ...]
    proportional_hazards_global: Test | None

    def hazard_ratio(self, index: int = 0, confidence: float = 0.95) -> tuple[float, tuple[float, float]]:
        """exp(coefficient) with Wald's interval."""
        half = norm.ppf(0.5 + confidence / 2) * self.standard_error[index]
        middle = self.coefficient[index]
        return float(np.exp(middle)), (float(np.exp(middle - half)), float(np.exp(middle + half)))


def cox(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    robust: bool = False,
) -> Cox:
    """Fits by Newton's method, with steps halved until the likelihood rises.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event.
        covariates: (subjects,) or (subjects, covariates).
        strata: any labels, (subjects,); each stratum has a baseline hazard of its own.
        weights: above 0, (subjects,).
        robust: the variance is Lin and Wei's sandwich (JASA 1989), which weights by a probability of treatment need;
            else the inverse information, which takes a weight for a number of patients.

    Raises:
        NotEstimable: no event, a covariate without variation, or one that perfectly predicts the order of events.
    """
    t, d = follow_up(time, event)
    x = np.asarray(covariates, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != len(t) or not np.isfinite(x).all():
        raise ValueError("covariates must be finite, of shape (subjects, covariates)")
    w = np.ones(len(t)) if weights is None else np.asarray(weights, dtype=float)
    if w.shape != t.shape or not (np.isfinite(w) & (w > 0)).all():
        raise ValueError("weights must be above 0, of shape (subjects,)")
    if not d.any():
        raise NotEstimable("there is no event")
    of = np.zeros(len(t), int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    within = [np.flatnonzero(of == number) for number in range(of.max() + 1)]
    if np.linalg.matrix_rank(np.concatenate([x[rows] - x[rows].mean(axis=0) for rows in within])) < x.shape[1]:
        raise NotEstimable("a covariate does not vary, or follows from the others")
    scale = x.std(axis=0)
    standard = (x - x.mean(axis=0)) / scale
    parts = [stratum(t, d, standard, w, rows) for rows in within if d[rows].any()]
    beta = np.zeros(x.shape[1])
    loglik, score, information = derivatives(parts, beta)
    null = loglik
    for _ in range(MAX_STEPS):
        # of standardised covariates: with all weight on one subject the information vanishes
        if np.abs(beta).max() > 30 or np.linalg.eigvalsh(information)[0] < 1e-7 * (w * d).sum():
            raise NotEstimable("a covariate perfectly predicts the order of the events: its hazard ratio has no bound")
        move = np.linalg.solve(information, score)
        while np.abs(standard @ (beta + move)).max() > FARTHEST:  # its exponential is no number
            move = move / 2
        while (next_step := derivatives(parts, beta + move))[0] < loglik - 1e-12 * abs(loglik):
            move = move / 2
        beta, (loglik, score, information) = beta + move, next_step
        if np.abs(move).max() < 1e-10:
            break
    else:
        raise NotEstimable("the Cox regression does not converge")
    variance = np.linalg.inv(information)
    if robust:
        change = w[:, None] * score_residuals(parts, beta, len(t)) @ variance  # of beta if a subject is left out
        variance = change.T @ change
    error = np.sqrt(np.diag(variance)) / scale
    coefficient = beta / scale
    plain = strata is None and weights is None
    each, together = _proportional_hazards(t, d, parts[0], beta) if plain else ((None,) * len(beta), None)
    p = 2 * norm.sf(np.abs(coefficient / error))
    return Cox(coefficient, error, p, (float(null), float(loglik)), each, together)


def _proportional_hazards(
    t: np.ndarray, d: np.ndarray, of: Stratum, beta: np.ndarray
) -> tuple[tuple[Test | None, ...], Test | None]:
    """Score test of a coefficient of time beside each covariate (Therneau, survival 3: `cox.zph`)."""
    curve = kaplan_meier(t, d)
    before = 1 - np.append(1.0, curve.survival)[np.searchsorted(curve.time, of.time)]
    now = before - (before * of.number).sum() / of.number.sum()
    p = len(beta)
    _, residual, variance = contributions(of, beta)
    score = np.concatenate([residual.sum(axis=0), now @ residual])
    none, once, twice = (np.tensordot(now**power, variance, 1) for power in range(3))
    information = np.block([[none, once], [once, twice]])
    score[:p] = 0  # at the maximum

    def test(kept: list[int]) -> Test | None:
        at = [*range(p), *(p + i for i in kept)]
        part = information[np.ix_(at, at)]
        if np.linalg.matrix_rank(part) < len(at):  # all events at one time: nothing can change with time
            return None
        statistic = float(score[at] @ np.linalg.solve(part, score[at]))
        return Test(statistic, len(kept), float(chi2.sf(statistic, len(kept))))

    return tuple(test([i]) for i in range(p)), test(list(range(p)))
