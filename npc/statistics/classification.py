"""A threshold, and the performance of a classification by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from npc.statistics.inputs import both_classes, one_risk


@dataclass(frozen=True)
class Proportion:
    """A proportion of patients with Wilson's interval (JASA 1927, no correction for continuity).

    Attributes:
        count: patients for whom it holds.
        n: patients.
        estimate: count / n; None where n is 0, and then there is no interval.
        ci: lower and upper limit.
    """

    count: int
    n: int
    estimate: float | None
    ci: tuple[float, float] | None


def proportion(count: int, n: int, confidence: float = 0.95) -> Proportion:
    """A proportion of patients; where there are none it has no estimate."""
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no proportion")
    if n == 0:
        return Proportion(0, 0, None, None)
    limits = binomtest(count, n).proportion_ci(confidence, method="wilson")
    return Proportion(count, n, count / n, (float(limits.low), float(limits.high)))


def youden_threshold(label: ArrayLike, risk: ArrayLike) -> float:
    """The threshold with the highest sensitivity + specificity - 1 (Youden, Cancer 1950).

    A risk above it is classified as an event. Thresholds lie half way between neighbouring risks, as in pROC, so
    there are patients on both sides; ties of the index go to the lowest threshold, that is to sensitivity.

    Raises:
        NotEstimable: one class only.
    """
    y, x = one_risk(label, risk)
    both_classes(y, "a threshold")
    values = np.unique(x)
    if len(values) == 1:
        return float(values[0])
    cases = np.searchsorted(np.sort(x[y]), values, side="right")  # at or below each value
    controls = np.searchsorted(np.sort(x[~y]), values, side="right")
    # in whole numbers, so that ties are ties: index * cases * controls
    index = controls * int(y.sum()) - cases * int((~y).sum())
    best = int(np.argmax(index[:-1]))
    half_way = values[best] + (values[best + 1] - values[best]) / 2
    return float(half_way if half_way < values[best + 1] else values[best])  # neighbours of one last bit


def classify(label: ArrayLike, risk: ArrayLike, threshold: float) -> dict[str, Proportion]:
    """Sensitivity, specificity, PPV, NPV and accuracy of `risk > threshold`."""
    if np.isnan(threshold):
        raise ValueError("the threshold is NaN")
    y, x = one_risk(label, risk)
    high = x > threshold
    true_high, true_low = int((y & high).sum()), int((~y & ~high).sum())
    return {
        "sensitivity": proportion(true_high, int(y.sum())),
        "specificity": proportion(true_low, int((~y).sum())),
        "ppv": proportion(true_high, int(high.sum())),
        "npv": proportion(true_low, int((~high).sum())),
        "accuracy": proportion(true_high + true_low, len(y)),
    }
