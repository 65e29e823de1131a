"""Bootstrap interval of an AUC."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from npc.statistics.delong import auc


def auc_interval(
    label: ArrayLike, risk: ArrayLike, *, draws: int = 2000, seed: int = 0, confidence: float = 0.95
) -> tuple[float, float]:
    """Percentile interval over stratified draws: patients with and without the event are drawn apart, as in pROC.

    Args:
        label: 0 or 1, (patients,).
        risk: higher is worse, (patients,).
        draws: of the bootstrap.
        seed: of the draws; the same seed gives the same interval.
        confidence: of the interval.

    Raises:
        NotEstimable: one class only.
    """
    auc(label, risk)  # checks
    # A tie stays a tie: ranks in place of risks, and each pair's comparison once in a table.
    y, ranks = np.asarray(label) == 1, rankdata(np.asarray(risk, dtype=float), method="dense")
    cases, controls = ranks[y], ranks[~y]
    rng = np.random.default_rng(seed)
    levels = int(ranks.max()) + 1
    found = np.empty(draws)
    for draw in range(draws):
        drawn = np.bincount(rng.choice(cases, len(cases)), minlength=levels)
        against = np.bincount(rng.choice(controls, len(controls)), minlength=levels)
        found[draw] = drawn @ (np.cumsum(against) - against / 2)
    limits = np.quantile(found / (len(cases) * len(controls)), [0.5 - confidence / 2, 0.5 + confidence / 2])
    return float(limits[0]), float(limits[1])
