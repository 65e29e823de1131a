"""Intraclass correlation: how far raters agree on subjects (Shrout and Fleiss, Psychological Bulletin 1979)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc, fdtri

from npc.statistics import NotEstimable

# Satterthwaite's degrees of freedom are 0 for one negative ICC. Near it the quantiles exceed the range of float, and
# rounding would decide the limits.
FEWEST_DF = 0.02


@dataclass(frozen=True)
class Icc:
    """One coefficient.

    Attributes:
        estimate: the coefficient.
        ci: lower and upper limit.
        f: mean square of subjects over that of the residual.
        p: of that F, one-sided as in `psych`.
    """

    estimate: float
    ci: tuple[float, float]
    f: float
    p: float


def icc(ratings: ArrayLike, confidence: float = 0.95) -> tuple[Icc, Icc]:
    """ICC(2,1) and ICC(3,1) of single ratings.

    ICC(2,1) takes the raters as drawn from many and asks for absolute agreement; ICC(3,1) takes them as they are and
    asks for consistency. Limits as McGraw and Wong (Psychological Methods 1996), and as R's `psych::ICC`.

    Args:
        ratings: (subjects, raters), every subject rated by every rater.
        confidence: of the interval.

    Raises:
        NotEstimable: fewer than two subjects or raters, or all subjects have the same mean (or
            nearly, among few).
    """
    x = np.asarray(ratings, dtype=float)
    if x.ndim != 2 or not np.isfinite(x).all():
        raise ValueError("ratings must be finite numbers of shape (subjects, raters)")
    n, k = x.shape
    if n < 2 or k < 2:
        raise NotEstimable(f"{n} subjects and {k} raters; two of each are needed")
    rows, columns, residual = map(float, _mean_squares(x))
    scale = np.abs(x).max() ** 2 * np.finfo(float).eps ** 2 * x.size
    if rows <= scale:
        raise NotEstimable("every subject has the same mean rating")
    if residual <= scale:  # the raters differ by a constant at most
        residual = 0.0
    df_rows, df_residual = n - 1, (n - 1) * (k - 1)
    f = rows / residual if residual else np.inf
    p = float(fdtrc(df_rows, df_residual, f))
    tail = 1 - (1 - confidence) / 2

    total = rows + (k - 1) * residual + k * (columns - residual) / n
    if total <= np.finfo(float).eps * residual:  # it is positive, but for rounding
        raise NotEstimable(f"{n} subjects have nearly the same mean rating: ICC(2,1) has no lower bound")
    absolute = (rows - residual) / total
    consistency = (rows - residual) / (rows + (k - 1) * residual)

    spread = k * columns + (k * n - k - n) * residual
    if residual:
        j = columns / residual
        share = n * (1 + (k - 1) * absolute) - k * absolute
        df = df_residual * (k * absolute * j + share) ** 2 / (df_rows * k**2 * absolute**2 * j**2 + share**2)
        upper, lower = fdtri(df_rows, df, tail), fdtri(df, df_rows, tail)
        with np.errstate(over="ignore", invalid="ignore"):  # among two or three subjects the quantiles have no bound
            limits = (
                n * (rows - upper * residual) / (upper * spread + n * rows),
                n * (lower * rows - residual) / (spread + n * lower * rows),
            )
        if df < FEWEST_DF or not np.isfinite([upper, *limits]).all():
            raise NotEstimable(f"{n} subjects are too few for the interval of an ICC of {absolute:.2f}")
    elif columns > scale:
        df = float(k - 1)  # the limit of Satterthwaite's df as the residual vanishes
        upper, lower = fdtri(df_rows, df, tail), fdtri(df, df_rows, tail)
        limits = (n * rows / (upper * spread + n * rows), n * lower * rows / (spread + n * lower * rows))
    else:
        limits = (1.0, 1.0)
    low = f / fdtri(df_rows, df_residual, tail)
    high = f * fdtri(df_residual, df_rows, tail)
    kept = (1.0, 1.0) if not residual else ((low - 1) / (low + k - 1), (high - 1) / (high + k - 1))
    return (
        Icc(float(absolute), (float(limits[0]), float(limits[1])), float(f), p),
        Icc(float(consistency), (float(kept[0]), float(kept[1])), float(f), p),
    )


def absolute_agreement(ratings: ArrayLike) -> np.ndarray:
    """The ICC(2,1) of many variables at once, without intervals; NaN where all subjects have the same mean.

    Args:
        ratings: (subjects, raters, variables), two of each of the first two or more.
    """
    x = np.asarray(ratings, dtype=float)
    n, k = x.shape[:2]
    rows, columns, residual = _mean_squares(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (rows - residual) / (rows + (k - 1) * residual + k * (columns - residual) / n)


def _mean_squares(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of subjects, raters and what is left, of (subjects, raters, ...)."""
    n, k = x.shape[:2]
    subject, rater, grand = x.mean(axis=1, keepdims=True), x.mean(axis=0, keepdims=True), x.mean(axis=(0, 1))
    return (
        k * ((subject - grand) ** 2).sum(axis=(0, 1)) / (n - 1),
        n * ((rater - grand) ** 2).sum(axis=(0, 1)) / (k - 1),
        ((x - subject - rater + grand) ** 2).sum(axis=(0, 1)) / ((n - 1) * (k - 1)),
    )
