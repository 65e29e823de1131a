"""What a risk adds to other covariates: the likelihood-ratio test of nested Cox models, stratified."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm, rankdata

from npc.statistics import NotEstimable
from npc.statistics.cox import cox
from npc.statistics.logrank import Test


@dataclass(frozen=True)
class AddedValue:
    """A risk added to a Cox model of other covariates.

    Attributes:
        test: likelihood ratio of the models with and without the risk, 1 degree of freedom.
        hazard_ratio: of one standard deviation of what the other covariates do not explain of the risk's normal scores
            (linear regression, within strata).
        ci: its 95% limits (Wald).
        events: of the subjects.
    """

    test: Test
    hazard_ratio: float
    ci: tuple[float, float]
    events: int


def added_value(time: ArrayLike, event: ArrayLike, risk: ArrayLike, others: ArrayLike, strata: ArrayLike) -> AddedValue:
    """Tests whether a risk is associated with survival at equal values of the other covariates.

    The risk is replaced by its normal scores within each stratum (`normal_scores`), so that its scale does not matter
    and may differ between strata.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event.
        risk: (subjects,).
        others: (subjects,) or (subjects, covariates).
        strata: any labels, (subjects,).

    Raises:
        NotEstimable: no event, a risk that does not vary or follows from the others, or a hazard ratio without bound.
    """
    labels = np.asarray(strata)
    within = labels[:, None] == np.unique(labels)
    scores = np.zeros(len(labels))
    for rows in within.T:
        scores[rows] = normal_scores(np.asarray(risk)[rows])
    design = np.column_stack([within, others]).astype(float)
    unexplained = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
    if (spread := unexplained.std()) < 1e-9:
        raise NotEstimable("the risk does not vary, or follows from the others")
    before = cox(time, event, others, strata)
    after = cox(time, event, np.column_stack([unexplained / spread, others]), strata)
    statistic = max(2 * (after.log_likelihood[1] - before.log_likelihood[1]), 0.0)
    ratio, ci = after.hazard_ratio(0)
    return AddedValue(Test(statistic, 1, float(chi2.sf(statistic, 1))), ratio, ci, int(np.sum(event)))


def normal_scores(values: ArrayLike) -> np.ndarray:
    """Blom's normal scores of the ranks, `z((rank - 3/8) / (n + 1/4))`; ties have their mean rank."""
    ranks = rankdata(values)
    return norm.ppf((ranks - 0.375) / (len(ranks) + 0.25))
