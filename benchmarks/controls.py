"""How often the verdict on a signature beside tumour volume is right: `python benchmarks/controls.py [SIMULATIONS]`.

Prints the table of docs/controls.md. Patients have two independent parts of their log hazard, size and texture; a fifth
of them has the event. The signature is their best weighted sum with noise of a fifth of its variance; a ruler sees the
size exactly. Held out are all training and test patients (out-of-fold risks), or the test patients alone.
"""

import sys

import numpy as np
from rich.progress import track

from npc.prognosis.controls import MORE, NO_MORE, Controls
from npc.prognosis.estimable import estimated
from npc.statistics.added_value import added_value
from npc.statistics.delong import auc

SHARES = (0.0, 0.25, 0.5, 1.0)  # of texture in the variance of the log hazard
TOTAL = 1.9  # its standard deviation, as in the phantom
DESIGNS = (("233 patients, 45 of them test, out of fold", 233, 214), ("45 test patients", 45, 45),
           ("200 test patients", 200, 200), ("500 test patients", 500, 500))  # fmt: skip


def simulate(n: int, share: float, rng: np.random.Generator) -> tuple[str, int, float, float]:
    """One cohort: the verdict, its events, and the AUC of size and of the oracle."""
    size, texture = rng.standard_normal((2, n))
    hazard = TOTAL * (np.sqrt(1 - share) * size + np.sqrt(share) * texture)
    metastasis = rng.exponential(np.exp(-hazard))
    end = np.quantile(metastasis, 0.2) * rng.uniform(0.5, 2, n)
    event = metastasis <= end
    risk = hazard + rng.standard_normal(n) * TOTAL / 2
    stratum = np.where(rng.random(n) < 0.79, "train", "test") if n == 214 else np.full(n, "test")
    found = estimated(added_value, np.minimum(metastasis, end), event.astype(int), risk, size, stratum)
    verdict = Controls({}, {}, (), found, 0.0, int(event.sum())).verdict
    return verdict, int(event.sum()), auc(event, size), auc(event, hazard)


def main(simulations: int) -> None:
    """Prints a row a design and share."""
    print("| held out | texture's share | events | AUC of volume | AUC of oracle | more | no more | can't be told |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for design, _, n in DESIGNS:
        for share in SHARES:
            rng = np.random.default_rng([n, round(100 * share)])
            found = [simulate(n, share, rng) for _ in track(range(simulations), design, transient=True)]
            verdicts, events, volume, oracle = zip(*found, strict=True)
            more, no_more = (100 * verdicts.count(verdict) / simulations for verdict in (MORE, NO_MORE))
            print(f"| {design} | {share:g} | {np.mean(events):.0f} | {np.mean(volume):.2f} | {np.mean(oracle):.2f} "
                  f"| {more:.0f}% | {no_more:.0f}% | {100 - more - no_more:.0f}% |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
