"""How often the verdict on a signature beside tumour volume is right: `python benchmarks/controls.py [SIMULATIONS]`.

Prints the tables of docs/controls.md. In the first, patients have two independent parts of their log hazard, size and
texture; about a fifth of them has the event. The signature is their best weighted sum with noise of a fifth of its
variance; a ruler sees the size exactly. Held out are all training and test patients (out-of-fold risks), or the test
patients alone. The second is of the patients of the phantom (233, without their images): the ruler sees the size that
CET1-w images show, the signature all that they show of the hazard, with the same noise.
"""

import sys

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from rich.progress import track

from npc.phantom.hospitals import HOSPITALS
from npc.phantom.options import Options
from npc.phantom.population import draw_patient
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
PAPER = next(iter(DESIGNS))
VALIDATION = 19  # patients of hospital 1 who choose the epoch, so that they are not held out
SIGNALS = ("size", "mixed", "texture")  # values of cohort.signal_in
FIRST = 5100  # seed of the phantoms
Found = tuple[str, int, float, float]  # a cohort's verdict, its events, and the AUC of size and of the oracle


def simulate(strata: tuple[int, ...], share: float, rng: np.random.Generator) -> Found:
    """One cohort whose hazard has a part in size and a part in texture."""
    stratum = np.repeat(range(len(strata)), strata)
    size, texture = rng.standard_normal((2, n := sum(strata)))
    hazard = TOTAL * (np.sqrt(1 - share) * size + np.sqrt(share) * texture)
    metastasis = rng.exponential(np.exp(-hazard))
    end = np.quantile(metastasis, 0.2) * rng.uniform(0.5, 2, n)
    event = metastasis <= end
    return _judged(np.minimum(metastasis, end), event, size, hazard, stratum, rng)


def phantom(signal_in: str, seed: int) -> Found:
    """The patients of a phantom."""
    options = Options.of({"signal_in": signal_in, "seed": seed})
    rows = [
        draw_patient(HOSPITALS[hospital], number, options)
        for hospital, n in enumerate(options.sizes)
        for number in range(VALIDATION if hospital == 0 else 0, n)
    ]
    of = pd.DataFrame([patient | truth for patient, truth in rows])
    stratum = np.repeat(range(len(DESIGNS[PAPER])), DESIGNS[PAPER])
    outcome = of["dmfs_months"].astype(float), of["dm_event"].astype(int)
    return _judged(*outcome, of["cet1_size_shown"], of["cet1_shown"], stratum, np.random.default_rng(seed))


def _judged(
    time: ArrayLike, event: ArrayLike, size: ArrayLike, hazard: ArrayLike, stratum: np.ndarray, rng: np.random.Generator
) -> Found:
    event, hazard = np.asarray(event, dtype=int), np.asarray(hazard)
    risk = hazard + rng.standard_normal(len(hazard)) * hazard.std() / 2
    scores = scores_within(size, stratum)
    found = estimated(added_value, time, event, risk, np.column_stack([size, scores, scores**2]), stratum)
    verdict = Controls({}, {}, (), found, 0.0, int(event.sum())).verdict
    return verdict, int(event.sum()), auc(event, size), auc(event, hazard)


def main(simulations: int) -> None:
    """Prints a row for each design and share, then one for each kind of phantom."""
    print("| held out | texture's share | events | AUC of volume | AUC of oracle | more | no more | can't be told |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for design, strata in DESIGNS.items():
        for share in SHARES:
            rng = np.random.default_rng([sum(strata), round(100 * share)])
            found = [simulate(strata, share, rng) for _ in track(range(simulations), design, transient=True)]
            print(f"| {design} | {share:g} | {_row(found)} |", flush=True)
    print("\n| phantom | events | AUC of volume | AUC of oracle | more | no more | can't be told |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for signal_in in SIGNALS:
        seeds = range(FIRST, FIRST + simulations)
        print(f"| {signal_in} | {_row([phantom(signal_in, seed) for seed in seeds])} |", flush=True)


def _row(found: list[Found]) -> str:
    verdicts, events, volume, oracle = zip(*found, strict=True)
    more, no_more = (100 * verdicts.count(verdict) / len(found) for verdict in (MORE, NO_MORE))
    return (
        f"{np.mean(events):.0f} | {np.mean(volume):.2f} | {np.mean(oracle):.2f} "
        f"| {more:.0f}% | {no_more:.0f}% | {100 - more - no_more:.0f}%"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
