"""What a risk adds to other covariates: the likelihood-ratio test of nested Cox models, stratified."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm, rankdata

from npc.statistics import NotEstimable
from npc.statistics.cox import cox
from npc.statistics.logrank import Test


class ExplainedError(NotEstimable):
    """The risk does not vary within strata, or follows from the other covariates: it has nothing to add."""


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
        ExplainedError: the risk does not vary, or follows from the others.
        NotEstimable: no event, others that do not vary, or a hazard ratio without bound.
    """
    labels = np.asarray(strata)
    within = labels[:, None] == np.unique(labels)
    scores = scores_within(risk, labels)
    design = np.column_stack([within, others]).astype(float)
    unexplained = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
    if (spread := unexplained.std()) < 1e-9:
        raise ExplainedError("the risk does not vary, or follows from the others")
    ruler = _independent(np.asarray(others, dtype=float).reshape(len(labels), -1), within)
    after = cox(time, event, np.column_stack([unexplained / spread, ruler]), strata)
    before = cox(time, event, ruler, strata).log_likelihood[1] if ruler.shape[1] else after.log_likelihood[0]
    statistic = max(2 * (after.log_likelihood[1] - before), 0.0)
    ratio, ci = after.hazard_ratio(0)
    return AddedValue(Test(statistic, 1, float(chi2.sf(statistic, 1))), ratio, ci, int(np.sum(event)))


def _independent(columns: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Orthogonal columns that explain the same within strata; fewer where some follow from others or do not vary."""
    inner = columns - within @ (within.T.astype(float) @ columns / within.sum(axis=0)[:, None])
    spread = inner.std(axis=0)
    inner = inner[:, spread > 1e-9 * (1 + np.abs(columns).max(axis=0))]
    left, sizes, _ = np.linalg.svd(inner / inner.std(axis=0), full_matrices=False)
    return left[:, sizes > 1e-8 * max(len(columns), 1) ** 0.5] * len(columns) ** 0.5


def scores_within(values: ArrayLike, strata: ArrayLike) -> np.ndarray:
    """Normal scores within each stratum.

    Args:
        values: (subjects,).
        strata: any labels, (subjects,).
    """
    given, labels = np.asarray(values, dtype=float), np.asarray(strata)
    scores = np.zeros(len(labels))
    for label in np.unique(labels):
        scores[labels == label] = normal_scores(given[labels == label])
    return scores


def normal_scores(values: ArrayLike) -> np.ndarray:
    """Blom's normal scores of the ranks, `z((rank - 3/8) / (n + 1/4))`; ties have their mean rank."""
    ranks = rankdata(values)
    return norm.ppf((ranks - 0.375) / (len(ranks) + 0.25))
