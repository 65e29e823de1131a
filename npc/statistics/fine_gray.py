"""Regression of the subdistribution hazard with a competing event (Fine and Gray, JASA 1999).

A patient who had the competing event stays at risk, with the weight of not having been censored since: the probability
of no censoring before an event time over that before the patient's own time. With these weights it is a Cox regression
(Geskus, Biometrics 2011; R's `finegray` and `coxph`), with Efron's ties. The variance is Lin and Wei's sandwich, which
takes the weights as known.
"""

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable
from npc.statistics.censoring import censoring
from npc.statistics.cox import Cox, of_risk_sets
from npc.statistics.inputs import follow_up
from npc.statistics.partial_likelihood import RiskSet


def fine_gray(time: ArrayLike, cause: ArrayLike, covariates: ArrayLike, of: int = 1) -> Cox:
    """Fits the regression; the hazard ratios of the result are of the subdistribution hazard.

    Args:
        time: to the first event or censoring, (patients,).
        cause: 0 for censoring, else which event came first, (patients,).
        covariates: finite, (patients,) or (patients, covariates).
        of: the event of interest.

    Raises:
        NotEstimable: as for `cox`.
    """
    which = np.asarray(cause)
    t, d = follow_up(time, (which == of).astype(int))
    x = np.asarray(covariates, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != len(t) or not np.isfinite(x).all():
        raise ValueError("covariates must be finite, of shape (patients, covariates)")
    if not d.any():
        raise NotEstimable("there is no event")
    free = censoring(t, (which != 0).astype(int))
    own = free.uncensored_before(t)
    competing = (which != 0) & (which != of)

    def sets(standard: np.ndarray) -> list[RiskSet]:
        times = np.unique(t[d == 1])
        now = free.uncensored_before(times)
        return [_risk_set(at, t, d, standard, competing, w / own) for at, w in zip(times, now, strict=True)]

    return of_risk_sets(sets, x, len(t))


def _risk_set(
    at: float, t: np.ndarray, d: np.ndarray, x: np.ndarray, competing: np.ndarray, since: np.ndarray
) -> RiskSet:
    """Of one event time; `since` is the probability of no censoring since each patient's own time."""
    weight = np.where(t >= at, 1.0, np.where(competing, since, 0.0))
    rows, events = np.flatnonzero(weight > 0), np.flatnonzero((t == at) & (d == 1))
    return RiskSet(at, events, x[events], np.ones(len(events)), rows, x[rows], weight[rows])
