"""The tests that may have given a P value of a table of counts."""

import numpy as np

from npc.statistics import NotEstimable
from npc.statistics.association import (
    fisher,
    kruskal_wallis_of_levels,
    likelihood_ratio,
    linear_by_linear,
    pearson,
    pearson_with_continuity,
)

TITLES = {
    "pearson": "Pearson chi-squared",
    "continuity": "Pearson chi-squared with continuity correction",
    "likelihood_ratio": "likelihood-ratio chi-squared",
    "fisher": "Fisher's exact test",
    "kruskal_wallis": "Kruskal-Wallis test",
    "linear_by_linear": "linear-by-linear association",
}
_ANY = {
    "pearson": pearson,
    "likelihood_ratio": likelihood_ratio,
    "kruskal_wallis": kruskal_wallis_of_levels,
    "linear_by_linear": linear_by_linear,
}
# Fisher's test of larger tables takes seconds or is estimated, which is too imprecise to compare three digits.
_TWO_BY_TWO = {"continuity": pearson_with_continuity, "fisher": fisher}


def p_values(counts: np.ndarray) -> dict[str, float]:
    """P value of each test that can be computed from the table.

    Args:
        counts: (levels, cohorts); empty levels and cohorts are excluded, the others are scored by their order.

    Returns:
        By the names of `TITLES`; empty where fewer than two levels or cohorts are left.
    """
    left = (counts.any(axis=1).sum(), counts.any(axis=0).sum())
    tests = _ANY | _TWO_BY_TWO if left == (2, 2) else _ANY
    try:
        return {name: test(counts).p for name, test in tests.items()}
    except NotEstimable:
        return {}
