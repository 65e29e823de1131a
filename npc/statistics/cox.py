"""Cox regression (Efron's ties) and the score test of proportional hazards (R's `coxph` and `cox.zph`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm

from npc.statistics import NotEstimable
from npc.statistics.inputs import follow_up
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.logrank import Test

MAX_STEPS = 50


@dataclass(frozen=True)
class Cox:
    """A fitted model; arrays are (covariates,).

    Attributes:
        coefficient: log hazard ratios.
        standard_error: of the coefficients.
        p: Wald's, two-sided.
        log_likelihood: partial, of no coefficients and of these.
        proportional_hazards: test of each covariate, with time as 1 minus Kaplan-Meier; None where it is not
            estimable, as with all events at one time, and of a stratified model.
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


def cox(time: ArrayLike, event: ArrayLike, covariates: ArrayLike, strata: ArrayLike | None = None) -> Cox:
    """Fits by Newton's method.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event.
        covariates: (subjects,) or (subjects, covariates).
        strata: any labels, (subjects,); each stratum has a baseline hazard of its own.

    Raises:
        NotEstimable: no event, a covariate without variation, or one that perfectly predicts the order of events.
    """
    t, d = follow_up(time, event)
    x = np.asarray(covariates, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != len(t) or not np.isfinite(x).all():
        raise ValueError("covariates must be finite, of shape (subjects, covariates)")
    if not d.any():
        raise NotEstimable("there is no event")
    stratum = np.zeros(len(t), int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    within = [stratum == number for number in range(stratum.max() + 1)]
    if np.linalg.matrix_rank(np.concatenate([x[of] - x[of].mean(axis=0) for of in within])) < x.shape[1]:
        raise NotEstimable("a covariate does not vary, or follows from the others")
    scale = x.std(axis=0)
    standard = (x - x.mean(axis=0)) / scale
    sets = [risk_set for of in within for risk_set in _risk_sets(t[of], d[of], standard[of])]
    beta = np.zeros(x.shape[1])
    loglik, score, information = _derivatives(sets, beta)
    null = loglik
    for _ in range(MAX_STEPS):
        # of standardised covariates: with all weight on one subject the information vanishes
        if np.abs(beta).max() > 30 or np.linalg.eigvalsh(information)[0] < 1e-7 * d.sum():
            raise NotEstimable("a covariate perfectly predicts the order of the events: its hazard ratio has no bound")
        move = np.linalg.solve(information, score)
        while (next_step := _derivatives(sets, beta + move))[0] < loglik - 1e-12 * abs(loglik):
            move = move / 2
        beta, (loglik, score, information) = beta + move, next_step
        if np.abs(move).max() < 1e-10:
            break
    error = np.sqrt(np.diag(np.linalg.inv(information))) / scale
    coefficient = beta / scale
    each, together = _proportional_hazards(t, d, sets, beta) if strata is None else ((None,) * len(beta), None)
    p = 2 * norm.sf(np.abs(coefficient / error))
    return Cox(coefficient, error, p, (float(null), float(loglik)), each, together)


# Of each event time: its place in the sorted times, the covariates of those with the event, and of all at risk.
RiskSets = list[tuple[float, np.ndarray, np.ndarray]]


def _risk_sets(t: np.ndarray, d: np.ndarray, x: np.ndarray) -> RiskSets:
    order = np.argsort(t, kind="stable")
    t, d, x = t[order], d[order], x[order]
    return [(at, x[(t == at) & (d == 1)], x[np.searchsorted(t, at) :]) for at in np.unique(t[d == 1])]


def _derivatives(sets: RiskSets, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    loglik, score = 0.0, np.zeros(len(beta))
    information = np.zeros((len(beta),) * 2)
    for _, events, at_risk in sets:
        part, residual, variance = _event_time(events, at_risk, beta)
        loglik, score, information = loglik + part, score + residual, information + variance
    return loglik, score, information


def _event_time(events: np.ndarray, at_risk: np.ndarray, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, score and information of one event time, by Efron."""
    weight, tied = np.exp(at_risk @ beta), np.exp(events @ beta)
    sums = weight.sum(), weight @ at_risk, (at_risk.T * weight) @ at_risk
    ties = tied.sum(), tied @ events, (events.T * tied) @ events
    loglik, score = float((events @ beta).sum()), events.sum(axis=0)
    information = np.zeros((len(beta),) * 2)
    for k in range(len(events)):
        share = k / len(events)
        s0, s1, s2 = (whole - share * part for whole, part in zip(sums, ties, strict=True))
        mean = s1 / s0
        loglik -= float(np.log(s0))
        score = score - mean
        information += s2 / s0 - np.outer(mean, mean)
    return loglik, score, information


def _proportional_hazards(
    t: np.ndarray, d: np.ndarray, sets: RiskSets, beta: np.ndarray
) -> tuple[tuple[Test | None, ...], Test | None]:
    """Score test of a coefficient of time beside each covariate (Therneau, survival 3: `cox.zph`)."""
    curve = kaplan_meier(t, d)
    before = 1 - np.append(1.0, curve.survival)[np.searchsorted(curve.time, [at for at, *_ in sets])]
    number = np.array([len(events) for _, events, _ in sets])
    g = before - (before * number).sum() / number.sum()
    p = len(beta)
    score, information = np.zeros(2 * p), np.zeros((2 * p, 2 * p))
    for (_, events, at_risk), now in zip(sets, g, strict=True):
        _, residual, variance = _event_time(events, at_risk, beta)
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
