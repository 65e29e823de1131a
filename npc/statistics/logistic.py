"""Logistic regression by maximum likelihood, and Firth's penalised likelihood where that has no maximum."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import chi2, norm

from npc.statistics import NotEstimable
from npc.statistics.inputs import labelled
from npc.statistics.logrank import Test
from npc.statistics.separation import separation

MAX_STEPS = 200
FARTHEST = 200  # standard errors from a coefficient to its limit


@dataclass(frozen=True)
class Logistic:
    """A fitted model; arrays begin with the intercept.

    Attributes:
        method: `maximum likelihood`, or `Firth` where that has no maximum.
        separation: why it has none, else None.
        coefficient: log odds.
        standard_error: of the coefficients.
        p: Wald's, two-sided.
        log_likelihood: unpenalised.
        aic: 2 (parameters - log likelihood); as R's `glm`.
    """

    method: str
    separation: str | None
    coefficient: np.ndarray
    standard_error: np.ndarray
    p: np.ndarray
    log_likelihood: float
    aic: float

    def probability(self, x: ArrayLike) -> np.ndarray:
        """Probability of the event.

        Args:
            x: (patients, terms).
        """
        return expit(self.coefficient[0] + np.asarray(x, dtype=float) @ self.coefficient[1:])

    def odds_ratio(self, term: int, confidence: float = 0.95) -> tuple[float, tuple[float, float]]:
        """exp(coefficient) of a term, counted from 0 without the intercept, with Wald's interval.

        Raises:
            NotEstimable: a limit is too large for a number: the unit of the term is too large for its values.
        """
        middle, half = self.coefficient[term + 1], norm.ppf(0.5 + confidence / 2) * self.standard_error[term + 1]
        if abs(middle) + half > np.log(np.finfo(float).max):
            raise NotEstimable("the odds ratio of one unit is too large for a number")
        return float(np.exp(middle)), (float(np.exp(middle - half)), float(np.exp(middle + half)))


def logistic(label: ArrayLike, x: ArrayLike) -> Logistic:
    """Fits a model with intercept.

    With complete or quasi-complete separation (found by linear programming, Konis 2007) there is no maximum; the fit
    is then by Firth's penalised likelihood (Biometrika 1993; Heinze and Schemper, Statistics in Medicine 2002).

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).

    Raises:
        NotEstimable: one class only, a term that does not vary or follows from the others, or no convergence.
    """
    y, design, centre, scale = _standardised(label, x)
    separated = separation(y, design)
    beta, covariance = _newton(y, design, firth=separated is not None)
    # back from standardised terms
    back = np.diag(np.append(1.0, 1 / scale))
    back[0, 1:] = -centre / scale
    coefficient, error = back @ beta, np.sqrt(np.diag(back @ covariance @ back.T))
    loglik = _log_likelihood(y, design, beta)
    return Logistic(
        "Firth" if separated else "maximum likelihood", separated, coefficient, error,
        2 * norm.sf(np.abs(coefficient / error)), loglik, 2 * (design.shape[1] - loglik),
    )  # fmt: skip


def likelihood_ratio(label: ArrayLike, others: ArrayLike, added: ArrayLike) -> Test:
    """Tests whether terms that are added to others improve the fit: twice the difference of the log likelihoods.

    Args:
        label: 0 or 1, (patients,).
        others: (patients, terms).
        added: (patients, terms); a degree of freedom for each.

    Raises:
        NotEstimable: as for `logistic`, or the classes are separated, so that the likelihood has no maximum.
    """
    before, after = logistic(label, others), logistic(label, np.column_stack([others, added]))
    if after.separation:
        raise NotEstimable(f"{after.separation}: there is no maximum likelihood")
    statistic = max(2 * (after.log_likelihood - before.log_likelihood), 0.0)
    df = len(after.coefficient) - len(before.coefficient)
    return Test(statistic, df, float(chi2.sf(statistic, df)))


def profile_interval(label: ArrayLike, x: ArrayLike, term: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a term's log odds by the profile of the likelihood that `logistic` maximises.

    The coefficients that a likelihood-ratio test would not reject. Wald's interval is symmetric, which the likelihood
    after separation is not (Heinze and Schemper, 2002; R's `logistf`, and `confint` of a `glm`).

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).
        term: counted from 0 without the intercept.
        confidence: of the interval.

    Raises:
        NotEstimable: as for `logistic`, or a limit has no bound.
    """
    y, design, _, scale = _standardised(label, x)
    firth = separation(y, design) is not None
    beta, covariance = _newton(y, design, firth)
    held = term + 1
    lowest = _target(y, design, beta, firth) - chi2.ppf(confidence, 1) / 2

    def above(value: float) -> float:
        # a start for the others: they follow by their covariance
        start = beta + (value - beta[held]) * covariance[held] / covariance[held, held]
        return _target(y, design, _newton(y, design, firth, start, held)[0], firth) - lowest

    limits = []
    for sign in (-1, 1):
        error = step = sign * np.sqrt(covariance[held, held])
        while above(beta[held] + step) > 0:
            step *= 2
            if step / error > FARTHEST:
                raise NotEstimable("the likelihood sets no bound to a coefficient")
        limits.append(brentq(above, beta[held], beta[held] + step, xtol=1e-12) / scale[term])
    return float(limits[0]), float(limits[1])


def profile_p(label: ArrayLike, x: ArrayLike, term: int) -> float:
    """P of the likelihood-ratio test that a term's log odds are 0, with the likelihood that `logistic` maximises.

    After separation it is the penalised likelihood ratio of R's `logistf`: the penalty keeps the term.

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).
        term: counted from 0 without the intercept.

    Raises:
        NotEstimable: as for `logistic`.
    """
    y, design, _, _ = _standardised(label, x)
    firth = separation(y, design) is not None
    beta, covariance = _newton(y, design, firth)
    held = term + 1
    start = beta - beta[held] * covariance[held] / covariance[held, held]
    without = _newton(y, design, firth, start, held)[0]
    statistic = 2 * (_target(y, design, beta, firth) - _target(y, design, without, firth))
    return float(chi2.sf(max(statistic, 0.0), 1))


def _standardised(label: ArrayLike, x: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, an intercept beside the standardised terms, and the terms' means and scales."""
    events, terms = labelled(label, x)
    if events.all() or not events.any():
        raise NotEstimable("all patients are of one class")
    y = events.astype(float)
    centre, scale = terms.mean(axis=0), terms.std(axis=0)
    if (np.ptp(terms, axis=0) == 0).any() or not scale.all():  # squares of values near 1e-300 are 0
        raise NotEstimable("a term does not vary, or follows from the others")
    standard = (terms - centre) / scale
    if np.linalg.matrix_rank(standard) < terms.shape[1]:
        raise NotEstimable("a term does not vary, or follows from the others")
    return y, np.column_stack([np.ones(len(y)), standard]), centre, scale


def _newton(
    y: np.ndarray, design: np.ndarray, firth: bool, start: np.ndarray | None = None, held: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their covariance; steps are halved until the (penalised) likelihood rises.

    The `held` coefficient stays as in `start`.
    """
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(y.mean() / (1 - y.mean()))
    beta = beta if start is None else start
    free = np.arange(len(beta)) != held
    best = _target(y, design, beta, firth)
    with suppress(np.linalg.LinAlgError):  # far out the information vanishes
        for _ in range(MAX_STEPS):
            score, curvature = _derivatives(y, design, beta, firth)
            values, vectors = np.linalg.eigh(curvature[np.ix_(free, free)])
            move = np.zeros(len(beta))
            # uphill also where the penalised likelihood bends upwards
            move[free] = vectors @ (vectors.T @ score[free] / np.maximum(np.abs(values), 1e-9))
            while (value := _target(y, design, beta + move, firth)) < best - 1e-12 and np.abs(move).max() > 1e-12:
                move = move / 2
            beta, best = beta + move, value
            if np.abs(move).max() < 1e-9 * (1 + np.abs(beta).max()):
                return beta, np.linalg.inv(_information(design, beta))
    raise NotEstimable("the logistic regression does not converge")


def _target(y: np.ndarray, design: np.ndarray, beta: np.ndarray, firth: bool) -> float:
    """Log likelihood, by Firth plus half the log determinant of the information."""
    value = _log_likelihood(y, design, beta)
    if not firth:
        return value
    with np.errstate(divide="ignore"):  # minus infinity is what it should be
        return value + 0.5 * float(np.linalg.slogdet(_information(design, beta))[1])


def _derivatives(y: np.ndarray, design: np.ndarray, beta: np.ndarray, firth: bool) -> tuple[np.ndarray, np.ndarray]:
    """First, and minus the second derivatives of what is maximised."""
    scores, information = design @ beta, _information(design, beta)
    residual = np.where(y == 1, expit(-scores), -expit(scores))
    if not firth:
        return design.T @ residual, information
    weight, inverse = expit(scores) * expit(-scores), np.linalg.inv(information)
    slope = -weight * np.tanh(scores / 2)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    score = design.T @ (residual + leverage * slope / 2)
    # With scoring alone, as Firth has it, the steps overshoot and come back in small samples.
    turn = inverse @ np.einsum("i,ia,ij,ik->ajk", slope, design, design, design)
    bend = (design.T * (leverage * weight * (1 - 6 * weight))) @ design - np.einsum("ajk,bkj->ab", turn, turn)
    return score, information - bend / 2


def _information(design: np.ndarray, beta: np.ndarray) -> np.ndarray:
    scores = design @ beta
    return (design.T * (expit(scores) * expit(-scores))) @ design  # 1 - expit would round far out


def _log_likelihood(y: np.ndarray, design: np.ndarray, beta: np.ndarray) -> float:
    score = design @ beta
    return float(-(np.logaddexp(0, np.where(y == 1, -score, score))).sum())
