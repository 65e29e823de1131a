"""Bootstrap interval of an AUC."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from npc.statistics import NotEstimable
from npc.statistics.inputs import both_classes, one_risk

CELLS = 2**16  # drawn at once: what stays in the cache is several times faster


def auc_interval(
    label: ArrayLike, risk: ArrayLike, *, draws: int = 2000, seed: int = 0, confidence: float = 0.95
) -> tuple[float, float]:
    """Percentile interval over stratified draws: patients with and without the event are drawn separately, as in pROC.

    Args:
        label: 0 or 1, (patients,).
        risk: higher is worse, (patients,).
        draws: of the bootstrap.
        seed: of the draws; the same seed gives the same interval.
        confidence: of the interval.

    Raises:
        NotEstimable: one class only, one patient in a class, or an AUC that all draws share.
    """
    y, x = one_risk(label, risk)
    both_classes(y, "an AUC")
    ranks = rankdata(x, method="dense") - 1  # ties remain ties: ranks are counted in place of risks
    cases, controls = ranks[y], ranks[~y]
    if min(len(cases), len(controls)) < 2:
        raise NotEstimable("one patient of a class is the same in every draw")
    rng = np.random.default_rng(seed)
    at_once = max(CELLS // len(y), 1)
    found = []
    for first in range(0, draws, at_once):
        shape = (min(at_once, draws - first), int(ranks.max()) + 1)
        drawn, against = _drawn(cases, shape, rng), _drawn(controls, shape, rng)
        found.append(np.einsum("ij,ij->i", drawn, np.cumsum(against, axis=1) - against / 2))
    aucs = np.concatenate(found) / (len(cases) * len(controls))
    if np.ptp(aucs) == 0:
        raise NotEstimable(f"every draw has the AUC {aucs[0]:g}")
    limits = np.quantile(aucs, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return float(limits[0]), float(limits[1])


def _drawn(ranks: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """How often each rank is drawn, (draws, ranks)."""
    draws, levels = shape
    picked = ranks[rng.integers(0, len(ranks), (draws, len(ranks)))] + levels * np.arange(draws)[:, None]
    return np.bincount(picked.ravel(), minlength=draws * levels).reshape(shape)
