"""Interval of an absolute risk from a Cox regression: the variance of a patient's cumulative hazard.

Tsiatis (Annals of Statistics 1981) with Efron's ties and limits on the scale of log(-log(survival)), as R's
`survfit(coxph(...), newdata, conf.type="log-log")`. It is the uncertainty of this regression alone: covariates, such as
the signature of a network, count as known.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics.inputs import follow_up
from npc.statistics.partial_likelihood import derivatives, efron, stratum

LARGEST = 700.0  # exp() of it is still finite


@dataclass(frozen=True)
class HazardVariance:
    """What the interval of any patient at some times needs; the unit is that of the covariates.

    Attributes:
        hazard: cumulative baseline hazard, (times,).
        variance: of it if the coefficients were known, (times,).
        mean: mean covariates of those at risk, summed over the increments of the baseline hazard, (times, covariates).
        covariance: of the coefficients, (covariates, covariates).
    """

    hazard: np.ndarray
    variance: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray

    def interval(
        self, covariates: ArrayLike, predictor: ArrayLike, confidence: float = 0.95
    ) -> tuple[np.ndarray, np.ndarray]:
        """Limits of the probability of the event by each time, both (patients, times).

        Args:
            covariates: (patients, covariates), centred as those of the fit.
            predictor: linear predictor, (patients,).
            confidence: of the interval.
        """
        x = np.asarray(covariates, dtype=float)
        away = x[:, None, :] * self.hazard[:, None] - self.mean
        of_coefficients = np.einsum("pti,ij,ptj->pt", away, self.covariance, away)
        with np.errstate(divide="ignore", invalid="ignore"):  # before the first event nothing is known
            error = np.sqrt(self.variance + of_coefficients) / self.hazard
            middle = np.asarray(predictor, dtype=float)[:, None] + np.log(self.hazard)
        half = norm.ppf(0.5 + confidence / 2) * error
        low, high = (-np.expm1(-np.exp(np.clip(middle + side, None, LARGEST))) for side in (-half, half))
        return low, high


def hazard_variance(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, coefficient: ArrayLike, times: ArrayLike
) -> HazardVariance:
    """Of a Cox regression at some times.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        covariates: of the fit, (patients, covariates), centred, so that exponentials are finite.
        coefficient: fitted log hazard ratios, (covariates,).
        times: (times,).
    """
    t, d = follow_up(time, event)
    x, beta = np.asarray(covariates, dtype=float), np.asarray(coefficient, dtype=float)
    of = stratum(t, d, x, np.ones(len(t)), np.arange(len(t)))
    left, mean, _ = efron(of, beta)
    increments = np.column_stack([1 / left, 1 / left**2, mean / left[:, None]])
    summed = np.vstack([np.zeros(increments.shape[1]), increments.cumsum(axis=0)])
    at = summed[np.searchsorted(of.time[of.at], np.asarray(times, dtype=float), side="right")]
    covariance = np.linalg.inv(derivatives([of], beta)[2])
    return HazardVariance(at[:, 0], at[:, 1], at[:, 2:], covariance)
