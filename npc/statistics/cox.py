"""Cox regression (Efron's ties), weighted and robust, and the score test of proportional hazards.

As R's `coxph` and `cox.zph` of the package survival.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm

from npc.statistics import NotEstimable
from npc.statistics.inputs import follow_up
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.logrank import Test
from npc.statistics.partial_likelihood import RiskSet, derivatives, event_time, risk_sets, score_residuals

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
    stratum = np.zeros(len(t), int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    within = [np.flatnonzero(stratum == number) for number in range(stratum.max() + 1)]
    if np.linalg.matrix_rank(np.concatenate([x[of] - x[of].mean(axis=0) for of in within])) < x.shape[1]:
        raise NotEstimable("a covariate does not vary, or follows from the others")
    scale = x.std(axis=0)
    standard = (x - x.mean(axis=0)) / scale
    sets = [one for rows in within for one in risk_sets(t, d, standard, w, rows)]
    beta, information, logliks = _newton(sets, standard, (w * d).sum())
    variance = np.linalg.inv(information)
    if robust:
        change = w[:, None] * score_residuals(sets, beta, len(t)) @ variance  # of beta if a subject is left out
        variance = change.T @ change
    plain = strata is None and weights is None
    each, together = _proportional_hazards(t, d, sets, beta) if plain else ((None,) * len(beta), None)
    return _fitted(beta, variance, scale, logliks, each, together)


def of_risk_sets(sets: Callable[[np.ndarray], list[RiskSet]], x: np.ndarray, subjects: int) -> Cox:
    """Fits to risk sets whose weights change with time; the variance is robust.

    Args:
        sets: gives the risk sets with these covariates, which are standardised, (subjects, covariates).
        x: covariates, (subjects, covariates).
        subjects: their number.

    Raises:
        NotEstimable: as for `cox`.
    """
    if np.linalg.matrix_rank(x - x.mean(axis=0)) < x.shape[1]:
        raise NotEstimable("a covariate does not vary, or follows from the others")
    scale = x.std(axis=0)
    standard = (x - x.mean(axis=0)) / scale
    made = sets(standard)
    beta, information, logliks = _newton(made, standard, sum(of.event_weight.sum() for of in made))
    change = score_residuals(made, beta, subjects, weighted=True) @ np.linalg.inv(information)
    return _fitted(beta, change.T @ change, scale, logliks, (None,) * len(beta), None)


def _fitted(
    beta: np.ndarray,
    variance: np.ndarray,
    scale: np.ndarray,
    logliks: tuple[float, float],
    each: tuple[Test | None, ...],
    together: Test | None,
) -> Cox:
    """In the units of the covariates."""
    error = np.sqrt(np.diag(variance)) / scale
    coefficient = beta / scale
    return Cox(coefficient, error, 2 * norm.sf(np.abs(coefficient / error)), logliks, each, together)


def _newton(
    sets: list[RiskSet], standard: np.ndarray, events: float
) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Coefficients, information, and the log likelihoods of no coefficients and of these.

    Args:
        sets: with standardised covariates.
        standard: the covariates of all subjects.
        events: sum of their weights.
    """
    beta = np.zeros(standard.shape[1])
    loglik, score, information = derivatives(sets, beta)
    null = loglik
    for _ in range(MAX_STEPS):
        # of standardised covariates: with all weight on one subject the information vanishes
        if np.abs(beta).max() > 30 or np.linalg.eigvalsh(information)[0] < 1e-7 * events:
            raise NotEstimable("a covariate perfectly predicts the order of the events: its hazard ratio has no bound")
        move = np.linalg.solve(information, score)
        while np.abs(standard @ (beta + move)).max() > FARTHEST:  # its exponential is no number
            move = move / 2
        while (next_step := derivatives(sets, beta + move))[0] < loglik - 1e-12 * abs(loglik):
            move = move / 2
        beta, (loglik, score, information) = beta + move, next_step
        if np.abs(move).max() < 1e-10:
            break
    else:
        raise NotEstimable("the Cox regression does not converge")
    return beta, information, (float(null), float(loglik))


def _proportional_hazards(
    t: np.ndarray, d: np.ndarray, sets: list[RiskSet], beta: np.ndarray
) -> tuple[tuple[Test | None, ...], Test | None]:
    """Score test of a coefficient of time beside each covariate (Therneau, survival 3: `cox.zph`)."""
    curve = kaplan_meier(t, d)
    before = 1 - np.append(1.0, curve.survival)[np.searchsorted(curve.time, [of.time for of in sets])]
    number = np.array([len(of.events) for of in sets])
    g = before - (before * number).sum() / number.sum()
    p = len(beta)
    score, information = np.zeros(2 * p), np.zeros((2 * p, 2 * p))
    for risk_set, now in zip(sets, g, strict=True):
        _, residual, variance = event_time(risk_set, beta)
        score += np.concatenate([residual, now * residual])
        information += np.kron(np.array([[1, now], [now, now**2]]), variance)
    score[:p] = 0  # at the maximum

    def test(kept: list[int]) -> Test | None:
        at = [*range(p), *(p + i for i in kept)]
        part = information[np.ix_(at, at)]
        if np.linalg.matrix_rank(part) < len(at):  # all events at one time: nothing can change with time
            return None
        statistic = float(score[at] @ np.linalg.solve(part, score[at]))
        return Test(statistic, len(kept), float(chi2.sf(statistic, len(kept))))

    return tuple(test([i]) for i in range(p)), test(list(range(p)))
