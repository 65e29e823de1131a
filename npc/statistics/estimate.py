"""An estimate with its interval, and the interval of a share on the logit scale."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from npc.statistics import NotEstimable


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval.

    Attributes:
        estimate: the value.
        ci: lower and upper limit, or why there is none.
    """

    estimate: float
    ci: tuple[float, float] | NotEstimable


def share(value: float, standard_error: float, confidence: float = 0.95) -> Estimate:
    """A value between 0 and 1 with Wald's interval of its log odds, which cannot leave [0, 1].

    Args:
        value: such as a concordance.
        standard_error: of the value itself; the delta method gives that of its log odds.
        confidence: of the interval.
    """
    if not 0 < value < 1:
        return Estimate(value, NotEstimable(f"an estimate of {value:g} has no log odds"))
    if not (np.isfinite(standard_error) and standard_error > 0):
        return Estimate(value, NotEstimable("the estimate has no variance"))
    half = norm.ppf(0.5 + confidence / 2) * standard_error / (value * (1 - value))
    return Estimate(value, (float(expit(logit(value) - half)), float(expit(logit(value) + half))))
