"""DeLong's method by midranks: time for a million patients, and comparison with a loop over all pairs at 5,000."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from npc.statistics.delong import delong


def textbook(label: np.ndarray, risk: np.ndarray) -> tuple[float, float]:
    """AUC and variance as DeLong et al. write them: every pair compared, one after another."""
    cases, controls = risk[label == 1].tolist(), risk[label == 0].tolist()
    by_case, by_control = [0.0] * len(cases), [0.0] * len(controls)
    for i, case in enumerate(cases):
        for j, control in enumerate(controls):
            won = 1.0 if case > control else 0.5 if case == control else 0.0
            by_case[i] += won / len(controls)
            by_control[j] += won / len(cases)
    variance = statistics.variance(by_case) / len(cases) + statistics.variance(by_control) / len(controls)
    return statistics.fmean(by_case), variance


def seconds(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(1_000_000) < 0.3).astype(int)
    risk = rng.normal(label).round(4)
    print(f"1,000,000 patients: {seconds(lambda: delong(label, risk), 5):.2f} s")
    label, risk = label[:5000], risk[:5000]
    ours, loop = seconds(lambda: delong(label, risk), 50), seconds(lambda: textbook(label, risk), 3)
    found, expected = delong(label, risk), textbook(label, risk)
    apart = max(abs(found.auc[0] - expected[0]), abs(found.covariance[0, 0] - expected[1]))
    print(
        f"5,000 patients: {ours * 1e3:.2f} ms, textbook {loop:.2f} s, ratio {loop / ours:.0f}; difference {apart:.1e}"
    )


if __name__ == "__main__":
    main()
