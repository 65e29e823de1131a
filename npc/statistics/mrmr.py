"""Minimum redundancy, maximum relevance: features that tell much of the outcome and little of one another."""

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable

TIED = 1e-12  # scores nearer than this are tied, and the first column is taken


def mrmr(target: ArrayLike, x: ArrayLike, keep: int, solutions: int = 1) -> list[list[int]]:
    """Selects as R's mRMRe, whose estimator of mutual information is -log(1 - r^2) / 2 of Pearson's correlation.

    First the feature that tells most of the target, then ever the one with the greatest difference of what it tells
    of the target and the mean of what it tells of those taken (Peng, Long and Ding, IEEE PAMI 2005;27:1226-38; De Jay
    et al., Bioinformatics 2013;29:2365-8). A label is a target of 0 and 1. Several solutions are mRMRe's exhaustive
    ensemble: the k-th begins with the k-th most telling feature and goes on alone, but passes over a feature that
    would make it the same set as an earlier solution had at that length. mRMRe lists the solution of the most telling
    feature last, and so does this; features stand in order of selection.

    Args:
        target: (patients,).
        x: (patients, features); none is constant.
        keep: features of a solution.
        solutions: how many.

    Returns:
        Columns of each solution; of one solution the classic selection. Of tied columns the first is taken.

    Raises:
        ValueError: keep or solutions below 1 or more than there are, wrong shapes, or values that are not finite.
        NotEstimable: the target or a feature does not vary, or every next feature repeats an earlier solution.
    """
    y, columns = np.asarray(target, dtype=float), np.asarray(x, dtype=float)
    if y.ndim != 1 or columns.ndim != 2 or len(y) != len(columns):
        raise ValueError("target must be of shape (patients,), x of shape (patients, features)")
    if not (np.isfinite(y).all() and np.isfinite(columns).all()):
        raise ValueError("target or x is not finite")
    if not (1 <= keep <= columns.shape[1] and 1 <= solutions <= columns.shape[1]):
        raise ValueError(f"keep and solutions must lie between 1 and the number of features, {columns.shape[1]}")
    units, unit = _unit(columns), _unit(y[:, None])[:, 0]
    relevance = _information(unit @ units)
    first = [_best(relevance)]
    while len(first) < solutions:
        first.append(_best(np.where(np.isin(np.arange(len(relevance)), first), -np.inf, relevance)))
    paths, redundancy = [[column] for column in first], [_information(units[:, c] @ units) for c in first]
    for length in range(2, keep + 1):
        sets: list[set[int]] = []
        for path, known in zip(paths, redundancy, strict=True):
            score = relevance - known / (length - 1)
            open_ = ~np.isin(np.arange(len(score)), path)
            # the one feature that an earlier solution has more
            for other in sets:
                if len(missing := other - set(path)) == 1:
                    open_[missing.pop()] = False
            if not open_.any():
                raise NotEstimable(f"there are not {solutions} different solutions of {keep} features")
            path.append(_best(np.where(open_, score, -np.inf), open_))
            known += _information(units[:, path[-1]] @ units)
            sets.append(set(path))
    return paths[::-1]


def _unit(columns: np.ndarray) -> np.ndarray:
    """Centred columns of length 1, so that their products are correlations."""
    centred = columns - columns.mean(axis=0)
    largest = np.abs(centred).max(axis=0)
    if (np.ptp(columns, axis=0) == 0).any() or (largest == 0).any():
        raise NotEstimable("the target or a feature does not vary")
    centred = centred / largest  # squares of very small or large values would vanish or overflow
    return centred / np.sqrt((centred**2).sum(axis=0))


def _information(r: np.ndarray) -> np.ndarray:
    """Mutual information of correlations; a feature that follows from another would have no end of it."""
    return -np.log(np.maximum(1 - r**2, 1e-12)) / 2


def _best(score: np.ndarray, among: np.ndarray | None = None) -> int:
    allowed = np.ones(len(score), dtype=bool) if among is None else among
    return int(np.argmax(allowed & (score >= score[allowed].max() - TIED)))
