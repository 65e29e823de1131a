"""Stacking: logistic regression on the risks of several models, none of which gets a negative weight."""

from collections.abc import Sequence
from itertools import combinations

import pandas as pd
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable
from npc.statistics.logistic import logistic


def with_positive_weights(label: ArrayLike, columns: pd.DataFrame, risks: Sequence[str]) -> list[str]:
    """The risks whose weights are positive in the maximum-likelihood fit with non-negative weights of the risks.

    Breiman (Machine Learning 1996;24:49): risks of the same patients are correlated, and without the condition they
    can get large weights of opposite signs. The log likelihood is concave, so that its maximum under the condition is
    the highest of those maxima without it, over the sets of risks, at which each weight is positive.

    Where the classes are separated there is no maximum, and the fits are Firth's, whose penalties of different sets are
    not comparable: then it is the largest set whose weights are all positive, of several the one with the highest
    likelihood.

    Args:
        label: 0 or 1, (patients,).
        columns: the terms of the regression, (patients, terms).
        risks: those of the columns whose weights are not to be negative; the weights of the others are free.

    Raises:
        NotEstimable: as for `logistic`, or no risk has a positive weight.
    """
    others = columns.drop(columns=list(risks))
    separated = logistic(label, columns).separation is not None
    found: list[tuple[int, float, list[str]]] = []
    for number in range(1, len(risks) + 1):
        for some in map(list, combinations(risks, number)):
            fitted = logistic(label, columns[some].join(others))
            if (fitted.coefficient[1 : number + 1] > 0).all():
                found.append((number if separated else 0, fitted.log_likelihood, some))
    if not found:
        raise NotEstimable("no signature has a positive weight in a regression on all of them")
    return max(found, key=lambda of: of[:2])[2]
