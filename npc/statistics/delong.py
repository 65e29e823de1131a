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


def delong(label: ArrayLike, risks: ArrayLike) -> Aucs:
    """AUCs and their covariance.

    Args:
        label: 0 or 1, (patients,).
        risks: higher is worse, (patients,) or (patients, risks).

    Raises:
        NotEstimable: one class only.
    """
    y, x = _both_classes(label, risks)
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
    """The AUC alone: chance that of two patients with different labels the one with the event has the higher risk."""
    y, x = _both_classes(label, risk, single=True)
    m, n = int(y.sum()), int((~y).sum())
    return float((rankdata(x[:, 0])[y].sum() - m * (m + 1) / 2) / (m * n))


def interval(found: Aucs, index: int = 0, confidence: float = 0.95) -> tuple[float, float]:
    """DeLong's interval of one AUC, cut to [0, 1], as pROC gives it.

    Raises:
        NotEstimable: there is no variance: one class has one patient, the AUC is 0 or 1, or all risks are tied. (pROC
            gives the last two an interval without width, which would pass for certainty.)
    """
    half = norm.ppf(0.5 + confidence / 2) * np.sqrt(_variance(found, index))
    return float(max(found.auc[index] - half, 0)), float(min(found.auc[index] + half, 1))


def logit_interval(found: Aucs, index: int = 0, confidence: float = 0.95) -> tuple[float, float]:
    """The same on the logit scale, where it can't leave [0, 1] (Pepe, 2003, section 5.2.6).

    Raises:
        NotEstimable: as for `interval`.
    """
    value, variance = found.auc[index], _variance(found, index)
    half = norm.ppf(0.5 + confidence / 2) * np.sqrt(variance) / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def compare(found: Aucs, first: int, second: int) -> Comparison:
    """Paired z test of two AUCs.

    Raises:
        NotEstimable: the difference has no variance and is not 0, or one class has one patient.
    """
    if not np.isfinite(found.covariance).all():
        raise NotEstimable("one patient of a class gives no variance")
    contrast = np.zeros(len(found.auc))
    contrast[[first, second]] = 1, -1
    difference = float(found.auc[first] - found.auc[second])
    variance = float(contrast @ found.covariance @ contrast)
    rounding = 1e-13 * (found.covariance[first, first] + found.covariance[second, second])
    if variance <= rounding:
        if difference:
            raise NotEstimable("the difference of the AUCs has no variance")
        return Comparison(difference, 0.0, 1.0)
    z = difference / variance**0.5
    return Comparison(difference, z, float(2 * norm.sf(abs(z))))


def labelled(label: ArrayLike, risks: ArrayLike, single: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Labels as truth values, (patients,), and risks as floats, (patients, risks); `single` allows one risk only.

    Raises:
        ValueError: other shapes, a label that is neither 0 nor 1, a risk that is NaN or infinite.
    """
    y, x = np.asarray(label), np.asarray(risks, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if y.ndim != 1 or x.ndim != 2 or len(x) != len(y) or (single and x.shape[1] != 1):
        wanted = "(patients,)" if single else "(patients,) or (patients, risks)"
        raise ValueError(f"label must be of shape (patients,), risk of shape {wanted}")
    if not (known := np.isin(y, (0, 1))).all():
        raise ValueError(f"label is neither 0 nor 1 at index {known.argmin()}")
    if not (finite := np.isfinite(x).all(axis=1)).all():
        raise ValueError(f"risk is not finite at index {finite.argmin()}")
    return y == 1, x


def _both_classes(label: ArrayLike, risks: ArrayLike, single: bool = False) -> tuple[np.ndarray, np.ndarray]:
    y, x = labelled(label, risks, single)
    if y.all() or not y.any():
        raise NotEstimable(f"{int(y.sum())} of {len(y)} patients have the event; an AUC needs both")
    return y, x


def _variance_of_mean(components: np.ndarray) -> np.ndarray:
    """Covariance of the columns' means; NaN where there is one row."""
    if len(components) < 2:
        return np.full((components.shape[1],) * 2, np.nan)
    return np.atleast_2d(np.cov(components, rowvar=False)) / len(components)


def _variance(found: Aucs, index: int) -> float:
    variance = float(found.covariance[index, index])
    if np.isnan(variance):
        raise NotEstimable("one patient of a class gives no variance")
    if variance == 0:
        raise NotEstimable(f"an AUC of {found.auc[index]:g} without variance")
    return variance
