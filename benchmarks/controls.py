"""How often the verdict on a signature beside tumour volume is right: `python benchmarks/controls.py [SIMULATIONS]`.

Prints the table of docs/controls.md. Patients have two independent parts of their log hazard, size and texture; about a
fifth of them has the event. The signature is their best weighted sum with noise of a fifth of its variance; a ruler
sees the size exactly. Held out are all training and test patients (out-of-fold risks), or the test patients alone.
"""

import sys

import numpy as np
from rich.progress import track

from npc.prognosis.controls import MORE, NO_MORE, Controls
from npc.prognosis.estimable import estimated
from npc.statistics.added_value import added_value, scores_within
from npc.statistics.delong import auc

SHARES = (0.0, 0.25, 0.5, 1.0)  # of texture in the variance of the log hazard
TOTAL = 1.9  # its standard deviation, as in the phantom
# How many patients each fold has, and the test cohort.
DESIGNS = {
    "169 training patients in 5 folds, 45 test patients": (34, 34, 34, 34, 33, 45),
    "45 test patients": (45,),
    "200 test patients": (200,),
    "500 test patients": (500,),
}


def simulate(strata: tuple[int, ...], share: float, rng: np.random.Generator) -> tuple[str, int, float, float]:
    """One cohort: the verdict, its events, and the AUC of size and of the oracle."""
    stratum = np.repeat(range(len(strata)), strata)
    size, texture = rng.standard_normal((2, n := sum(strata)))
    hazard = TOTAL * (np.sqrt(1 - share) * size + np.sqrt(share) * texture)
    metastasis = rng.exponential(np.exp(-hazard))
    end = np.quantile(metastasis, 0.2) * rng.uniform(0.5, 2, n)
    event = metastasis <= end
    risk = hazard + rng.standard_normal(n) * TOTAL / 2
    scores = scores_within(size, stratum)
    ruler = np.column_stack([size, scores, scores**2])
    found = estimated(added_value, np.minimum(metastasis, end), event.astype(int), risk, ruler, stratum)
    verdict = Controls({}, {}, (), found, 0.0, int(event.sum())).verdict
    return verdict, int(event.sum()), auc(event, size), auc(event, hazard)


def main(simulations: int) -> None:
    """Prints a row a design and share."""
    print("| held out | texture's share | events | AUC of volume | AUC of oracle | more | no more | can't be told |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for design, strata in DESIGNS.items():
        for share in SHARES:
            rng = np.random.default_rng([sum(strata), round(100 * share)])
            found = [simulate(strata, share, rng) for _ in track(range(simulations), design, transient=True)]
            verdicts, events, volume, oracle = zip(*found, strict=True)
            more, no_more = (100 * verdicts.count(verdict) / simulations for verdict in (MORE, NO_MORE))
            print(f"| {design} | {share:g} | {np.mean(events):.0f} | {np.mean(volume):.2f} | {np.mean(oracle):.2f} "
                  f"| {more:.0f}% | {no_more:.0f}% | {100 - more - no_more:.0f}% |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
