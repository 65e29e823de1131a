"""Logistic regression by maximum likelihood, and Firth's penalised likelihood where that has no maximum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog
from scipy.special import expit
from scipy.stats import norm

from npc.statistics import NotEstimable

MAX_STEPS = 200


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
        """Chance of the event.

        Args:
            x: (patients, terms).
        """
        return expit(self.coefficient[0] + np.asarray(x, dtype=float) @ self.coefficient[1:])

    def odds_ratio(self, term: int, confidence: float = 0.95) -> tuple[float, tuple[float, float]]:
        """exp(coefficient) of a term, counted from 0 without the intercept, with Wald's interval."""
        middle, half = self.coefficient[term + 1], norm.ppf(0.5 + confidence / 2) * self.standard_error[term + 1]
        return float(np.exp(middle)), (float(np.exp(middle - half)), float(np.exp(middle + half)))


def logistic(label: ArrayLike, x: ArrayLike) -> Logistic:
    """Fits a model with intercept.

    With complete or quasi-complete separation (found by linear programming, Konis 2007) there is no maximum; the fit
    is then by Firth's penalised likelihood (Biometrika 1993; Heinze and Schemper, Statistics in Medicine 2002).

    Args:
        label: 0 or 1, (patients,).
        x: (patients, terms).

    Raises:
        NotEstimable: one class only, or a term that does not vary or follows from the others.
    """
    y, terms = np.asarray(label, dtype=float), np.asarray(x, dtype=float)
    if y.ndim != 1 or terms.ndim != 2 or len(y) != len(terms) or not np.isfinite(terms).all():
        raise ValueError("label must be of shape (patients,), x finite of shape (patients, terms)")
    if len(np.unique(y)) < 2:
        raise NotEstimable("all patients are of one class")
    centre, scale = terms.mean(axis=0), terms.std(axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(terms - centre) < terms.shape[1]:
        raise NotEstimable("a term does not vary, or follows from the others")
    design = np.column_stack([np.ones(len(y)), (terms - centre) / scale])
    separation = _separation(y, design)
    beta, covariance = _newton(y, design, firth=separation is not None)
    # back from standardised terms
    back = np.diag(np.append(1.0, 1 / scale))
    back[0, 1:] = -centre / scale
    coefficient, error = back @ beta, np.sqrt(np.diag(back @ covariance @ back.T))
    loglik = _log_likelihood(y, design, beta)
    return Logistic(
        "Firth" if separation else "maximum likelihood", separation, coefficient, error,
        2 * norm.sf(np.abs(coefficient / error)), loglik, 2 * (design.shape[1] - loglik),
    )  # fmt: skip


def _separation(y: np.ndarray, design: np.ndarray) -> str | None:
    """A direction in which no patient is on the wrong side, and somebody on the right one: no finite maximum."""
    signed = design * np.where(y == 1, 1.0, -1.0)[:, None]
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs")
    if -found.fun <= 1e-7:
        return None
    margin = np.column_stack([-signed, np.ones(len(y))])  # the widest margin between the classes
    widest = linprog(
        [*np.zeros(design.shape[1]), -1], A_ub=margin, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs"
    )
    return "complete separation" if -widest.fun > 1e-7 else "quasi-complete separation"


def _newton(y: np.ndarray, design: np.ndarray, firth: bool) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their covariance; steps are halved until the (penalised) likelihood rises."""

    def target(beta: np.ndarray) -> float:
        value = _log_likelihood(y, design, beta)
        return value + 0.5 * np.linalg.slogdet(_information(design, beta))[1] if firth else value

    beta = np.zeros(design.shape[1])
    beta[0] = np.log(y.mean() / (1 - y.mean()))
    best = target(beta)
    for _ in range(MAX_STEPS):
        chance = expit(design @ beta)
        covariance = np.linalg.inv(_information(design, beta))
        residual = y - chance
        if firth:
            leverage = chance * (1 - chance) * np.einsum("ij,jk,ik->i", design, covariance, design)
            residual = residual + leverage * (0.5 - chance)
        move = covariance @ (design.T @ residual)
        while (value := target(beta + move)) < best - 1e-12 and np.abs(move).max() > 1e-12:
            move = move / 2
        beta, best = beta + move, value
        if np.abs(move).max() < 1e-11:
            break
    return beta, np.linalg.inv(_information(design, beta))


def _information(design: np.ndarray, beta: np.ndarray) -> np.ndarray:
    chance = expit(design @ beta)
    return (design.T * (chance * (1 - chance))) @ design


def _log_likelihood(y: np.ndarray, design: np.ndarray, beta: np.ndarray) -> float:
    score = design @ beta
    return float(-(np.logaddexp(0, np.where(y == 1, -score, score))).sum())
