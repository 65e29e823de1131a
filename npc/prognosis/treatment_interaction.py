"""Whether the effect of the additional treatment depends on the risk: tests, and the effect against risk as a curve."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from npc.prognosis.treatment_design import Comparison, independent
from npc.statistics import NotEstimable
from npc.statistics.cox import Cox, cox
from npc.statistics.logrank import Test

LARGEST = 700.0  # logarithm of a ratio that a float can hold
PERCENTILES = tuple(range(5, 100, 5))


@dataclass(frozen=True)
class AtRisk:
    """The effect at one risk.

    Attributes:
        percentile: of the treatment-free score.
        estimate: hazard ratio of the additional treatment there, conditional on the terms.
        ci: its 95% limits, pointwise.
    """

    percentile: int
    estimate: float
    ci: tuple[float, float]


def likelihood_ratio_of_interaction(of: Comparison, risk: np.ndarray) -> Test:
    """Likelihood ratio of Cox models with and without the product of treatment and risk, stratified by hospital.

    Both contain the treatment, the risk, and all that is adjusted for: of risk groups, the continuous score, too, if
    the model has one.

    Args:
        of: the comparison.
        risk: continuous scores, or 0 and 1 of risk groups, (patients,).

    Raises:
        NotEstimable: see `npc.statistics.cox`.
    """
    before, after = (_fit(of, risk, products) for products in (False, True))
    statistic = max(2 * (after.log_likelihood[1] - before.log_likelihood[1]), 0.0)
    return Test(statistic, 1, float(chi2.sf(statistic, 1)))


def grouped(of: Comparison, group: pd.Series) -> Test:
    """The same test of low and high risk.

    Args:
        of: the comparison.
        group: ordered categories, of these patients and others.
    """
    return likelihood_ratio_of_interaction(of, group.loc[of.patients.index].cat.codes.to_numpy(dtype=float))


def effect_by_risk(of: Comparison) -> Sequence[AtRisk]:
    """Hazard ratio against the score: its logarithm is linear in the normal scores.

    Raises:
        NotEstimable: see `npc.statistics.cox`.
    """
    # with the score counted from a point, the coefficient of the treatment is its effect there: a line. Its variance
    # is a parabola, so three points give all
    low, middle, high = (_fit(of, of.score - point, True) for point in (-1, 0, 1))
    effects = [float(fit.coefficient[0]) for fit in (low, middle, high)]
    variances = [float(fit.standard_error[0]) ** 2 for fit in (low, middle, high)]
    slope, bend = (variances[2] - variances[0]) / 2, (variances[2] + variances[0]) / 2 - variances[1]
    found = []
    for percentile in PERCENTILES:
        score = float(norm.ppf(percentile / 100))
        effect = effects[1] + score * (effects[2] - effects[0]) / 2
        half = float(norm.ppf(0.975)) * (variances[1] + score * slope + score**2 * bend) ** 0.5
        if abs(effect) + half > LARGEST:
            raise NotEstimable("the interval of the effect has no bound")
        found.append(AtRisk(percentile, math.exp(effect), (math.exp(effect - half), math.exp(effect + half))))
    return tuple(found)


def _fit(of: Comparison, risk: np.ndarray, products: bool) -> Cox:
    index = of.terms.index
    main = pd.DataFrame({"treated": of.treated, "risk": risk}, index).astype(float)
    product = pd.DataFrame({"product": of.treated * risk} if products else {}, index)
    # the score is among the terms: it drops out where it is the risk itself
    columns = independent(pd.concat([main, product, of.terms], axis=1), of.hospitals)
    lacking = {*main, *product} - set(columns)
    if lacking:
        raise NotEstimable(
            f"{' and '.join(sorted(lacking))}: does not vary within hospitals, or follows from the others"
        )
    return cox(of.time, of.event, columns, of.hospitals)
