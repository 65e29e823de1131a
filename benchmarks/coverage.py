"""How often 95% intervals of an AUC cover it, by patients, AUC and share of events: the table of docs/statistics.md.

Risks are normal in both classes with equal variance, so that the AUC is known; the number of events is fixed.
"""

import argparse

import numpy as np
from scipy.special import logit
from scipy.stats import norm

from npc.statistics import NotEstimable
from npc.statistics.bootstrap import auc_interval
from npc.statistics.delong import delong

PATIENTS, AUCS, SHARES = (19, 45, 100, 188), (0.6, 0.7, 0.8, 0.9), (0.2, 0.4)
KINDS = ("DeLong", "logit", "bootstrap")


def coverage(n: int, auc: float, share: float, samples: int, draws: int, seed: int) -> dict[str, float]:
    """Of the intervals that are estimable, the share that covers; and the share of samples without interval.

    Args:
        n: patients.
        auc: the true one.
        share: of patients with the event.
        samples: that are drawn.
        draws: of each bootstrap; it takes a tenth of the samples.
        seed: of the samples.
    """
    rng = np.random.default_rng(seed)
    events = round(share * n)
    risk = rng.normal(size=(samples, n))
    risk[:, :events] += norm.ppf(auc) * 2**0.5
    estimate, variance = delongs(risk, events)
    known = variance > 0
    half, scale = norm.ppf(0.975) * variance[known] ** 0.5, estimate[known] * (1 - estimate[known])
    label = np.arange(n) < events
    limits = [estimated(label, one, draws) for one in risk[: samples // 10]]
    return {
        "DeLong": float(np.mean(abs(estimate[known] - auc) <= half)),
        "logit": float(np.mean(abs(logit(estimate[known]) - logit(auc)) <= half / scale)),
        "bootstrap": float(np.mean([low <= auc <= high for low, high in filter(None, limits)])),
        "none": float(np.mean(~known)),
    }


def delongs(risk: np.ndarray, events: int) -> tuple[np.ndarray, np.ndarray]:
    """AUC and DeLong's variance of each sample, (samples,); of (samples, patients) the first have the event."""
    above = (risk[:, :events, None] > risk[:, None, events:]).astype(np.float32)
    by_case, by_control = above.mean(axis=2, dtype=float), above.mean(axis=1, dtype=float)
    variance = sum(by.var(axis=1, ddof=1) / by.shape[1] for by in (by_case, by_control))
    one = delong(np.arange(risk.shape[1]) < events, risk[0])
    np.testing.assert_allclose([by_case[0].mean(), variance[0]], [one.auc[0], one.covariance[0, 0]], atol=1e-9)
    return by_case.mean(axis=1), variance


def estimated(label: np.ndarray, risk: np.ndarray, draws: int) -> tuple[float, float] | None:
    try:
        return auc_interval(label, risk, draws=draws, seed=0)
    except NotEstimable:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--draws", type=int, default=500)
    chosen = parser.parse_args()
    print(
        f"{chosen.samples} samples a row, {chosen.samples // 10} for the bootstrap of {chosen.draws} draws; percent\n"
    )
    print("| patients | events | AUC | DeLong | logit | bootstrap | no interval |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for n in PATIENTS:
        for share in SHARES:
            for auc in AUCS:
                found = coverage(
                    n, auc, share, chosen.samples, chosen.draws, seed=round(1e5 * n + 1e3 * auc + 10 * share)
                )
                shown = " | ".join(f"{100 * found[kind]:.1f}" for kind in (*KINDS, "none"))
                print(f"| {n} | {round(share * n)} | {auc} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
