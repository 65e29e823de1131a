"""Concordance of risks with the order of events: Harrell's, and Uno's, which does not depend on the censoring.

Harrell, Lee and Mark, Statistics in Medicine 1996; Uno et al., Statistics in Medicine 2011. Estimates, variance and
ties are those of `concordance` of R's `survival` (`timewt = "n"` and `"n/G2"`).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.censoring import censoring
from npc.statistics.delong import Comparison
from npc.statistics.estimate import Estimate, share
from npc.statistics.inputs import follow_up

Weighting = Literal["harrell", "uno"]
CELLS = 2**22  # of pairs at once: 4 MB as truth values


@dataclass(frozen=True)
class Concordance:
    """Concordance of several risks on the same patients.

    Attributes:
        estimate: (risks,).
        covariance: (risks, risks), by infinitesimal jackknife.
        pairs: that count, each with its weight.
    """

    estimate: np.ndarray
    covariance: np.ndarray
    pairs: float

    def interval(self, index: int = 0, confidence: float = 0.95) -> Estimate:
        """A concordance with its interval, on the logit scale."""
        return share(float(self.estimate[index]), float(self.covariance[index, index]) ** 0.5, confidence)

    def compare(self, first: int, second: int) -> Comparison:
        """Paired z test of two concordances (Kang et al., Statistics in Medicine 2015).

        Raises:
            NotEstimable: the difference has no variance and is not 0.
        """
        contrast = np.zeros(len(self.estimate))
        contrast[[first, second]] = 1, -1
        difference = float(self.estimate[first] - self.estimate[second])
        variance = float(contrast @ self.covariance @ contrast)
        if variance <= 1e-13 * (self.covariance[first, first] + self.covariance[second, second]):
            if abs(difference) > 1e-12:
                raise NotEstimable("the difference of the concordances has no variance")
            return Comparison(0.0, 0.0, 1.0)
        z = difference / variance**0.5
        return Comparison(difference, z, float(2 * norm.sf(abs(z))))


def concordance(time: ArrayLike, event: ArrayLike, risks: ArrayLike, weighting: Weighting = "harrell") -> Concordance:
    """The share of pairs in which the patient with the earlier event has the higher risk.

    A pair counts if the patient with the shorter time has the event; of two patients with the same time it counts if
    one has the event and the other is censored. A tie of risks is one half. Uno's weighs a pair by the inverse square
    of the probability of no censoring before its event.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        risks: higher is worse, (patients,) or (patients, risks).
        weighting: of the pairs.

    Raises:
        NotEstimable: there is no pair to compare.
    """
    t, d = follow_up(time, event)
    x = np.asarray(risks, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != len(t) or not np.isfinite(x).all():
        raise ValueError("risks must be finite, of shape (patients,) or (patients, risks)")
    events = np.flatnonzero(d == 1)
    weight = np.ones(len(events))
    if weighting == "uno":
        weight = censoring(t, d).uncensored_before(t[events]) ** -2
    concordant, pairs = np.zeros(x.shape), np.zeros(len(t))  # in pairs that hold each patient
    step = max(CELLS // len(t), 1)
    for first in range(0, len(events), step):
        of, w = events[first : first + step], weight[first : first + step]
        later = (t[of, None] < t) | ((t[of, None] == t) & (d == 0))
        pairs[of] += w * later.sum(axis=1)
        pairs += w @ later
        for j in range(x.shape[1]):
            right = later * ((x[of, None, j] > x[:, j]) + 0.5 * (x[of, None, j] == x[:, j]))
            concordant[of, j] += w * right.sum(axis=1)
            concordant[:, j] += w @ right
    total = pairs.sum() / 2
    if not total:
        raise NotEstimable("no patient was followed past an event" if len(events) else "there is no event")
    estimate = concordant.sum(axis=0) / 2 / total
    influence = (concordant - estimate * pairs[:, None]) / total
    return Concordance(estimate, influence.T @ influence, float(total))
