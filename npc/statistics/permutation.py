"""P value of a statistic against its values under permuted data."""

import numpy as np
from numpy.typing import ArrayLike


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
