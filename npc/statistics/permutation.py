"""P value of a statistic against its values under permuted data."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable

QUANTILES = (0.025, 0.5, 0.95, 0.975)


@dataclass(frozen=True)
class Null:
    """A statistic among its values under permutations.

    Attributes:
        estimate: the observed value.
        p: one-sided, see `permutation_p`.
        quantiles: of the values under permutations, by probability (`QUANTILES`).
        permutations: their number.
    """

    estimate: float
    p: float
    quantiles: dict[float, float]
    permutations: int


def permuted_within(strata: ArrayLike, permutations: int, seed: int) -> np.ndarray:
    """Random permutations of the patients that leave each in its stratum.

    Args:
        strata: any labels, (patients,).
        permutations: their number.
        seed: of the draws.

    Returns:
        Places, (patients, permutations): entry [i, k] is the patient who takes the place of patient i.
    """
    groups = np.unique(np.asarray(strata), return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    moved = np.empty((len(groups), permutations), dtype=int)
    for group in range(groups.max(initial=-1) + 1):
        rows = np.flatnonzero(groups == group)
        moved[rows] = rng.permuted(np.tile(rows[:, None], permutations), axis=0)
    return moved


def null(values: ArrayLike) -> Null:
    """Sets the first value, the observed one, among the others, its values under permutations.

    Raises:
        NotEstimable: all values are the same, so that permutations show nothing.
    """
    observed, *others = np.asarray(values, dtype=float)
    if np.ptp(others) == 0:
        raise NotEstimable("every permutation has the same value: in no stratum do both outcomes and risks differ")
    quantiles = dict(zip(QUANTILES, map(float, np.quantile(others, QUANTILES)), strict=True))
    return Null(float(observed), permutation_p(float(observed), others), quantiles, len(others))


def permutation_p(observed: float, null: ArrayLike) -> float:
    """One-sided: the probability of a value as large as the observed one, never 0.

    (1 + number of null values >= observed) / (1 + number of null values): Phipson and Smyth, Stat Appl Genet Mol Biol
    2010;9:39.

    Args:
        observed: the statistic.
        null: (permutations,), its values under random permutations.
    """
    values = np.asarray(null, dtype=float)
    return float((1 + np.count_nonzero(values >= observed)) / (1 + values.size))
