"""A threshold, and what a classification by it is worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics.delong import auc, labelled


@dataclass(frozen=True)
class Proportion:
    """A share of patients with Wilson's interval (JASA 1927, no correction for continuity).

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
    """A share of patients."""
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no share")
    if n == 0:
        return Proportion(0, 0, None, None)
    z2 = norm.ppf(0.5 + confidence / 2) ** 2
    middle = (count + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (count * (n - count) / n + z2 / 4)) / (n + z2)
    low, high = (0.0 if count == 0 else middle - half), (1.0 if count == n else middle + half)
    return Proportion(count, n, count / n, (float(low), float(high)))


def youden_threshold(label: ArrayLike, risk: ArrayLike) -> float:
    """The threshold with the highest sensitivity + specificity - 1 (Youden, Cancer 1950).

    A risk above it is classified as an event. Thresholds lie half way between neighbouring risks, as in pROC, so
    somebody is on either side; ties of the index go to the lowest threshold, that is to sensitivity.

    Raises:
        NotEstimable: one class only.
    """
    auc(label, risk)  # checks
    y, x = np.asarray(label) == 1, np.asarray(risk, dtype=float)
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
    y, x = labelled(label, risk, single=True)
    high = x[:, 0] > threshold
    true_high, true_low = int((y & high).sum()), int((~y & ~high).sum())
    return {
        "sensitivity": proportion(true_high, int(y.sum())),
        "specificity": proportion(true_low, int((~y).sum())),
        "ppv": proportion(true_high, int(high.sum())),
        "npv": proportion(true_low, int((~high).sum())),
        "accuracy": proportion(true_high + true_low, len(y)),
    }
