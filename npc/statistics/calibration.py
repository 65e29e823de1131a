"""Whether predicted probabilities agree with the proportions of events (Van Calster et al., BMC Medicine 2019)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.classification import Proportion, proportion
from npc.statistics.inputs import both_classes, one_risk
from npc.statistics.logistic import logistic


@dataclass(frozen=True)
class Calibration:
    """Of predicted probabilities.

    Attributes:
        intercept: of the log odds with slope 1 (calibration in the large): 0 is right, above 0 too few are foreseen.
        intercept_ci: Wald's.
        slope: of the log odds in a logistic regression: 1 is right, below 1 the predictions are too extreme.
        slope_ci: Wald's.
        brier: mean squared difference of probability and label.
        observed: events.
        expected: sum of the probabilities.
    """

    intercept: float
    intercept_ci: tuple[float, float]
    slope: float
    slope_ci: tuple[float, float]
    brier: float
    observed: int
    expected: float


@dataclass(frozen=True)
class Group:
    """Patients of similar probabilities.

    Attributes:
        predicted: mean probability.
        observed: share of events with Wilson's interval.
    """

    predicted: float
    observed: Proportion


def calibration(label: ArrayLike, probability: ArrayLike, confidence: float = 0.95) -> Calibration:
    """Intercept, slope and Brier score.

    Args:
        label: 0 or 1, (patients,).
        probability: predicted, (patients,).
        confidence: of the intervals.

    Raises:
        ValueError: a probability is not between 0 and 1.
        NotEstimable: one class only, a probability of 0 or 1, one value for all, or classes that it separates.
    """
    y, p = _checked(label, probability)
    both_classes(y, "calibration")
    if ((p == 0) | (p == 1)).any():
        raise NotEstimable("a probability of 0 or 1 has no log odds")
    odds, z = logit(p), norm.ppf(0.5 + confidence / 2)
    fit = logistic(y, odds[:, None])
    if fit.separation:
        raise NotEstimable(f"the probabilities separate the classes ({fit.separation}): the slope has no bound")
    slope, slope_half = float(fit.coefficient[1]), float(z * fit.standard_error[1])
    # At these ends all probabilities are above, or below, the share of events.
    middle = logit(y.mean())
    intercept = brentq(
        lambda a: (y - expit(a + odds)).sum(), middle - odds.max() - 1, middle - odds.min() + 1, xtol=1e-14
    )
    half = z / np.sqrt((expit(intercept + odds) * expit(-intercept - odds)).sum())
    return Calibration(
        float(intercept), (float(intercept - half), float(intercept + half)), slope,
        (slope - slope_half, slope + slope_half), float(((p - y) ** 2).mean()), int(y.sum()), float(p.sum()),
    )  # fmt: skip


def calibration_curve(label: ArrayLike, probability: ArrayLike, groups: int = 10) -> list[Group]:
    """Predicted against observed in groups of about the same size, by rising probability.

    Patients with the same probability stay together, so there may be fewer groups.

    Args:
        label: 0 or 1, (patients,).
        probability: predicted, (patients,).
        groups: at most so many.
    """
    y, p = _checked(label, probability)
    edges = np.quantile(p, np.arange(1, groups) / groups)
    of = np.searchsorted(edges, p, side="left")
    return [
        Group(float(p[of == g].mean()), proportion(int(y[of == g].sum()), int((of == g).sum()))) for g in np.unique(of)
    ]


def _checked(label: ArrayLike, probability: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    y, p = one_risk(label, probability)
    if ((p < 0) | (p > 1)).any():
        raise ValueError(f"probability is not between 0 and 1 at index {((p < 0) | (p > 1)).argmax()}")
    return y, p
