"""ComBat: values of several scanners brought to a common mean and spread (Johnson, Li and Rabinovic, 2007)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npc.statistics import NotEstimable

TOLERANCE = 1e-12  # relative change of the last step; sva and neuroCombat stop at 1e-4
MAX_STEPS = 10_000


@dataclass(frozen=True)
class Combat:
    """A fitted adjustment.

    Attributes:
        mean: of each feature over all batches, (features,).
        scale: pooled standard deviation within batches, (features,).
        shift: of each batch from the mean, in units of the scale, (features,).
        spread: standard deviation of each batch, in units of the scale, (features,).
    """

    mean: np.ndarray
    scale: np.ndarray
    shift: Mapping[str, np.ndarray]
    spread: Mapping[str, np.ndarray]

    def adjust(self, x: ArrayLike, batch: ArrayLike) -> np.ndarray:
        """The values without their batch's shift and spread; those of a batch that was not fitted stay as they are.

        Args:
            x: (patients, features).
            batch: name of each patient's, (patients,).
        """
        values, batches = np.array(x, dtype=float), np.asarray(batch)
        for name in self.shift:
            rows = batches == name
            standard = (values[rows] - self.mean) / self.scale
            values[rows] = (standard - self.shift[name]) / self.spread[name] * self.scale + self.mean
        return values


def combat(x: ArrayLike, batch: ArrayLike) -> Combat:
    """Fits ComBat with parametric empirical Bayes priors and without covariates, as R's `sva` does.

    A batch's shifts share a normal prior over the features and its variances an inverse gamma prior, so that a feature
    borrows strength from the others. A batch of one patient has no variance and is left out.

    Args:
        x: (patients, features), finite.
        batch: name of each patient's, (patients,).

    Raises:
        NotEstimable: fewer than two batches of two patients, or fewer than two features.
    """
    values, batches = np.asarray(x, dtype=float), np.asarray(batch)
    names, counts = np.unique(batches, return_counts=True)
    names = names[counts >= 2]
    if len(names) < 2:
        raise NotEstimable("fewer than two batches have two patients or more")
    if values.shape[1] < 2:
        raise NotEstimable("the priors need two features or more")
    rows = {str(name): batches == name for name in names}
    fitted = np.logical_or.reduce(list(rows.values()))
    mean = values[fitted].mean(axis=0)
    residual = values.copy()
    for row in rows.values():
        residual[row] -= values[row].mean(axis=0)
    scale = np.sqrt((residual[fitted] ** 2).mean(axis=0))
    scale[scale == 0] = 1.0  # a feature that is constant within every batch loses its shift alone
    standard = (values - mean) / scale
    estimates = {name: _shrunk(standard[row]) for name, row in rows.items()}
    return Combat(
        mean,
        scale,
        {n: shift for n, (shift, _) in estimates.items()},
        {n: np.sqrt(v) for n, (_, v) in estimates.items()},
    )


def _shrunk(standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posterior shift and variance of each feature of one batch, (patients, features)."""
    n = len(standard)
    shift, variance = standard.mean(axis=0), standard.var(axis=0, ddof=1)
    between, centre = shift.var(ddof=1), shift.mean()
    middle, spread = variance.mean(), variance.var(ddof=1)
    if spread == 0 or between == 0:  # nothing to borrow: all features say the same
        return shift, np.where(variance > 0, variance, 1.0)
    a, b = (2 * spread + middle**2) / spread, (middle * spread + middle**3) / spread
    new_shift, new_variance = shift, variance
    for _ in range(MAX_STEPS):
        old_shift, old_variance = new_shift, new_variance
        new_shift = (between * n * shift + old_variance * centre) / (between * n + old_variance)
        new_variance = (0.5 * ((standard - new_shift) ** 2).sum(axis=0) + b) / (n / 2 + a - 1)
        moved = max(
            np.abs(new_shift - old_shift).max() / max(np.abs(old_shift).max(), TOLERANCE),
            np.abs((new_variance - old_variance) / new_variance).max(),
        )
        if moved < TOLERANCE:
            return new_shift, new_variance
    raise NotEstimable("the priors' equations do not converge")
