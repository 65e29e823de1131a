"""The log-rank test of two groups or more, also stratified (R's `survdiff` with rho 0)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from npc.statistics import NotEstimable
from npc.statistics.inputs import follow_up


@dataclass(frozen=True)
class Test:
    """A chi-squared test.

    Attributes:
        chi2: statistic.
        df: degrees of freedom.
        p: probability of at least this statistic under the null hypothesis.
    """

    chi2: float
    df: int
    p: float


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike, strata: ArrayLike | None = None) -> Test:
    """Compares survival between groups.

    Args:
        time: to event or censoring, (subjects,).
        event: 1 for an event.
        group: any labels.
        strata: any labels; within each the groups are compared, and the comparisons are summed. Groups that never
            meet in a stratum are not compared, which costs a degree of freedom.

    Raises:
        NotEstimable: one group only, or no event where groups are together at risk.
    """
    t, d = follow_up(time, event)
    g = _numbered(group, "group", len(t))
    groups = g.max() + 1
    if groups < 2:
        raise NotEstimable("there is one group only")
    strata_of = np.zeros(len(t), dtype=int) if strata is None else _numbered(strata, "strata", len(t))
    excess, variance = np.zeros(groups), np.zeros((groups, groups))
    for stratum in range(strata_of.max() + 1):
        inside = strata_of == stratum
        e, v = excess_events(t[inside], d[inside], g[inside], groups)
        excess, variance = excess + e, variance + v
    # Singular by one for each set of groups that are at risk together: their excesses sum to 0.
    df = int(np.linalg.matrix_rank(variance, rtol=1e-10, hermitian=True))
    if df == 0:
        raise NotEstimable("no event happens while more than one group is at risk")
    statistic = float(excess @ np.linalg.pinv(variance, rcond=1e-10, hermitian=True) @ excess)
    return Test(statistic, df, float(chi2.sf(statistic, df)))


def _numbered(labels: ArrayLike, name: str, subjects: int) -> np.ndarray:
    """Labels as numbers from 0."""
    given = np.asarray(labels)
    if given.shape != (subjects,):
        raise ValueError(f"{name} must have one label for each subject")
    if given.dtype.kind == "f" and np.isnan(given).any():
        raise ValueError(f"{name} is missing at index {np.isnan(given).argmax()}")
    return np.unique(given, return_inverse=True)[1]


def excess_events(t: np.ndarray, d: np.ndarray, g: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Observed minus expected events of each group, (groups,), and their hypergeometric covariance.

    Args:
        t: to event or censoring, (subjects,).
        d: 1 for an event.
        g: number of the group, from 0.
        groups: how many there are.
    """
    times = np.unique(t[d == 1])
    starts, ends = np.searchsorted(times, t, side="right"), np.searchsorted(times, t, side="left")
    events, at_risk = np.zeros((len(times), groups)), np.zeros((len(times) + 1, groups))
    np.add.at(events, (ends[d == 1], g[d == 1]), 1)
    np.add.at(at_risk, (starts, g), 1)  # at risk at every event time up to its own
    at_risk = at_risk[::-1].cumsum(axis=0)[::-1][1:]
    total, all_events = at_risk.sum(axis=1), events.sum(axis=1)
    share = at_risk / total[:, None]
    excess = (events - share * all_events[:, None]).sum(axis=0)
    weight = all_events * (total - all_events) / np.maximum(total - 1, 1)
    return excess, np.diag((weight[:, None] * share).sum(axis=0)) - (share * weight[:, None]).T @ share
