"""AUC with DeLong's variance, intervals and paired tests (DeLong, DeLong and Clarke-Pearson, Biometrics 1988).

By midranks, in O(n log n) (Sun and Xu, IEEE Signal Processing Letters 2014). A tie between a patient with and one
without the event counts one half.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from npc.statistics import NotEstimable
from npc.statistics.inputs import both_classes, labelled, one_risk


@dataclass(frozen=True)
class Comparison:
    """Paired test of two AUCs.

    Attributes:
        difference: first minus second.
        z: difference over its standard error; 0 where both are 0.
        p: two-sided.
    """

    difference: float
    z: float
    p: float


@dataclass(frozen=True)
class Aucs:
    """AUCs of several risks on the same patients.

    Attributes:
        auc: (risks,).
        covariance: (risks, risks), of the AUCs.
        n: patients.
        events: of them with the event.
    """

    auc: np.ndarray
    covariance: np.ndarray
    n: int
    events: int

    def interval(self, index: int = 0, confidence: float = 0.95) -> tuple[float, float]:
        """DeLong's interval of one AUC, cut to [0, 1], as pROC gives it.

        Raises:
            NotEstimable: there is no variance: one class has one patient, the AUC is 0 or 1, or all risks are tied.
                (pROC gives the last two an interval of width 0, which would be mistaken for certainty.)
        """
        half = norm.ppf(0.5 + confidence / 2) * np.sqrt(self._variance(index))
        return float(max(self.auc[index] - half, 0)), float(min(self.auc[index] + half, 1))

    def logit_interval(self, index: int = 0, confidence: float = 0.95) -> tuple[float, float]:
        """The same on the logit scale, where it can't leave [0, 1] (Pepe, 2003, section 5.2.6).

        Raises:
            NotEstimable: as for `interval`.
        """
        value, variance = self.auc[index], self._variance(index)
        half = norm.ppf(0.5 + confidence / 2) * np.sqrt(variance) / (value * (1 - value))
        return float(expit(logit(value) - half)), float(expit(logit(value) + half))

    def compare(self, first: int, second: int) -> Comparison:
        """Paired z test of two AUCs.

        Raises:
            NotEstimable: the difference has no variance and is not 0, or one class has one patient.
        """
        if not np.isfinite(self.covariance).all():
            raise NotEstimable("one patient of a class gives no variance")
        contrast = np.zeros(len(self.auc))
        contrast[[first, second]] = 1, -1
        difference = float(self.auc[first] - self.auc[second])
        variance = float(contrast @ self.covariance @ contrast)
        rounding = 1e-13 * (self.covariance[first, first] + self.covariance[second, second])
        if variance <= rounding:
            if difference:
                raise NotEstimable("the difference of the AUCs has no variance")
            return Comparison(difference, 0.0, 1.0)
        z = difference / variance**0.5
        return Comparison(difference, z, float(2 * norm.sf(abs(z))))

    def _variance(self, index: int) -> float:
        variance = float(self.covariance[index, index])
        if np.isnan(variance):
            raise NotEstimable("one patient of a class gives no variance")
        if variance == 0:
            raise NotEstimable(f"an AUC of {self.auc[index]:g} without variance")
        return variance


def delong(label: ArrayLike, risks: ArrayLike) -> Aucs:
    """AUCs and their covariance.

    Args:
        label: 0 or 1, (patients,).
        risks: higher is worse, (patients,) or (patients, risks).

    Raises:
        NotEstimable: one class only.
    """
    y, x = labelled(label, risks, "risk", "risks")
    both_classes(y, "an AUC")
    cases, controls = x[y], x[~y]
    m, n = len(cases), len(controls)
    auc = np.empty(x.shape[1])
    by_case, by_control = np.empty((m, x.shape[1])), np.empty((n, x.shape[1]))
    for j in range(x.shape[1]):
        together = rankdata(np.concatenate([cases[:, j], controls[:, j]]))
        by_case[:, j] = (together[:m] - rankdata(cases[:, j])) / n
        by_control[:, j] = 1 - (together[m:] - rankdata(controls[:, j])) / m
        auc[j] = (together[:m].sum() - m * (m + 1) / 2) / (m * n)
    return Aucs(auc, _variance_of_mean(by_case) + _variance_of_mean(by_control), m + n, m)


def auc(label: ArrayLike, risk: ArrayLike) -> float:
    """The AUC alone: the probability that a patient with the event has a higher risk than one without."""
    y, x = one_risk(label, risk)
    both_classes(y, "an AUC")
    m, n = int(y.sum()), int((~y).sum())
    return float((rankdata(x)[y].sum() - m * (m + 1) / 2) / (m * n))


def _variance_of_mean(components: np.ndarray) -> np.ndarray:
    """Covariance of the columns' means; NaN where there is one row."""
    if len(components) < 2:
        return np.full((components.shape[1],) * 2, np.nan)
    return np.atleast_2d(np.cov(components, rowvar=False)) / len(components)
