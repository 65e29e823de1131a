"""AUC of a risk for the event by a horizon, among patients of whom some are censored before."""

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable
from npc.statistics.censoring import censoring, known
from npc.statistics.estimate import Estimate, share
from npc.statistics.inputs import one_risk


def time_dependent_auc(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, confidence: float = 0.95
) -> Estimate:
    """Cumulative/dynamic AUC: patients with the event by the horizon against those still free of it.

    Weighted by the inverse probability of no censoring (Uno et al., JASA 2007; Hung and Chiang, 2010; `timeROC`'s
    marginal weighting); a tie of risks is one half. Variance by infinitesimal jackknife, that of the weights included;
    interval on the logit scale.

    Args:
        time: to event or censoring, (patients,).
        event: 1 for an event, 0 for censoring.
        risk: higher is worse, (patients,).
        horizon: in the unit of time.
        confidence: of the interval.

    Raises:
        NotEstimable: no event by the horizon, or no patient known to be free of the event at it.
    """
    found = censoring(time, event)
    _, x = one_risk(found.event, risk)
    case, weight = known(found, horizon)
    free = (weight > 0) & ~case
    if not free.any():
        raise NotEstimable(f"no patient is known to be free of the event at month {horizon:g}")
    cases, controls = weight * case, weight * free
    order = np.argsort(x[free], kind="stable")
    below = _weight_below(x, x[free][order], weight[free][order])
    order = np.argsort(x[case], kind="stable")
    above = cases.sum() - _weight_below(x, x[case][order], weight[case][order])
    concordant = cases * below + controls * above  # of the pairs that hold each patient
    pairs = cases * controls.sum() + controls * cases.sum()
    total = cases.sum() * controls.sum()
    value = float((cases * below).sum() / total)
    parts = concordant - value * pairs
    influence = (parts + found.through_weights(parts, horizon)) / total
    if min(case.sum(), free.sum()) < 2:
        return Estimate(value, NotEstimable("one patient of a class gives no variance"))
    return share(value, float((influence**2).sum() ** 0.5), confidence)


def _weight_below(x: np.ndarray, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of the ascending `values` below each x, half of those equal to it."""
    sums = np.append(0.0, np.cumsum(weight))
    return (sums[np.searchsorted(values, x, side="left")] + sums[np.searchsorted(values, x, side="right")]) / 2
