"""Cox regression with a ridge penalty, for more covariates than patients."""

from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, RegressorMixin


class CoxRidge(RegressorMixin, BaseEstimator):
    """Maximises the log partial likelihood less half the sum of the squared coefficients divided by `C`.

    The penalty is scikit-learn's of `LogisticRegression`; ties are handled by Efron's method.

    Args:
        C: inverse of the penalty.

    Attributes:
        coef_: log hazard ratios, (features,).
    """

    def __init__(self, C: float = 1.0) -> None:
        self.C = C

    def fit(self, X: Any, y: Any) -> Self:
        """Fits by L-BFGS.

        Args:
            X: (patients, features).
            y: time and event (0 or 1), (patients, 2).
        """
        x = np.asarray(X, dtype=float)
        likelihood = PartialLikelihood(*np.asarray(y, dtype=float).T)

        def loss(coefficient: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = likelihood(x @ coefficient)
            return (coefficient @ coefficient) / (2 * self.C) - value, coefficient / self.C - x.T @ slope

        start = np.zeros(x.shape[1])
        self.coef_ = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-6, "maxiter": 10_000}).x
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Log relative hazards, (patients,)."""
        return np.asarray(X, dtype=float) @ self.coef_

    def score(self, X: Any, y: Any, sample_weight: None = None) -> float:
        """The log partial likelihood for each event; higher is better, 0 without events."""
        time, event = np.asarray(y, dtype=float).T
        return PartialLikelihood(time, event)(self.predict(X))[0] / max(event.sum(), 1)


class PartialLikelihood:
    """The log partial likelihood of Cox's model by Efron (JASA 1977), and its derivative.

    Args:
        time: to event or censoring, (subjects,).
        event: 0 or 1.
    """

    def __init__(self, time: np.ndarray, event: np.ndarray) -> None:
        self.event = event == 1
        at = time[self.event]
        tied = at[:, None] == at
        # of each event: its place among those of its time, divided by their number
        share = np.tril(tied, -1).sum(axis=1) / tied.sum(axis=1)
        self.at_risk = (time >= at[:, None]) - share[:, None] * ((time == at[:, None]) & self.event)

    def __call__(self, log_hazard: np.ndarray) -> tuple[float, np.ndarray]:
        """The value and the derivative by each log relative hazard, (subjects,)."""
        largest = log_hazard.max()
        hazard = np.exp(log_hazard - largest)
        sums = self.at_risk @ hazard
        value = (log_hazard[self.event] - largest - np.log(sums)).sum()
        return float(value), self.event - hazard * (self.at_risk.T @ (1 / sums))
