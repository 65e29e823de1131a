"""Bias and coverage of the treatment figures over phantoms whose truth is known: the table of docs/treatment.md.

`python benchmarks/treatment.py [--phantoms 300] [--settings random clinical ...] [--draws 100] [--minutes 4]`: patients
are drawn without images; the signature is what the CET1 images show (a correlation of 0.97 with the aggressiveness of
the tumour; of the weak one, 0.58). The truth is that of the patients of all phantoms together under both treatments.
"""

import argparse
import os
import time
from collections.abc import Sequence
from functools import partial

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes share the cores

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from npc.cohort.clinical import Variable, parse
from npc.config.loading import compose
from npc.config.values import plain
from npc.phantom.hospitals import HOSPITALS
from npc.phantom.options import Options
from npc.phantom.population import draw_patient
from npc.prognosis.estimable import estimated
from npc.prognosis.groups import GROUPS
from npc.prognosis.models import Model
from npc.prognosis.treatment import arms
from npc.prognosis.treatment_adjusted import adjusted
from npc.prognosis.treatment_balance import balance, weighted
from npc.prognosis.treatment_design import compared
from npc.prognosis.treatment_interaction import grouped, likelihood_ratio_of_interaction
from npc.statistics import NotEstimable
from npc.statistics.cox import cox

SETTINGS = {
    "random": {},
    "clinical": {"confounding": 1.0, "indication": "clinical"},
    "image, half": {"confounding": 0.5},
    "image, half, weak signature": {"confounding": 0.5, "signal": 0.6},
    "image": {"confounding": 1.0},
}
FIRST = 10_000  # seed of the first phantom
OUTCOMES = ["metastasis_months_ccrt", "metastasis_months_added", "follow_up_months"]
FIGURES = ("unadjusted", "IPTW", "adjusted", "RMST 36", "RMST 60", "conditional")
Found = dict[str, tuple[float, float, float] | float | None]


def population(sizes: tuple[int, int], **choices: object) -> pd.DataFrame:
    """Patients and truth, beside each other."""
    options = Options.of(choices)
    rows = [
        patient | truth
        for hospital, size in zip(HOSPITALS, sizes, strict=True)
        for patient, truth in (draw_patient(hospital, number, options) for number in range(size))
    ]
    table = pd.DataFrame(rows)
    return table.assign(time=table["dmfs_months"], event=table["dm_event"], split="test")


def truths(table: pd.DataFrame) -> dict[str, float]:
    """Of many patients, from both potential outcomes; the hazard ratio with their follow-up."""
    months = np.concatenate([table["metastasis_months_ccrt"], table["metastasis_months_added"]])
    end = np.tile(table["follow_up_months"], 2)
    time, event, given = np.minimum(months, end), months <= end, np.repeat([0, 1], len(table))
    means = {f"RMST {u}": np.minimum(months, u)[given == 1].mean() - np.minimum(months, u)[given == 0].mean()
             for u in (36, 60)}  # fmt: skip
    return {"hazard ratio": marginal(time, event, given), **means}


def marginal(time: np.ndarray, event: np.ndarray, given: np.ndarray) -> float:
    """Hazard ratio of Cox regression on one binary covariate."""
    order = np.argsort(time)
    event, given = event[order], given[order]
    at_risk = [np.cumsum((given == g)[::-1])[::-1] for g in (0, 1)]
    theta = 0.0
    for _ in range(20):
        share = at_risk[1] * np.exp(theta) / (at_risk[0] + at_risk[1] * np.exp(theta))
        theta += ((given - share) * event).sum() / (share * (1 - share) * event).sum()
    return float(np.exp(theta))


def figures(
    seed: int, draws: int, variables: Sequence[Variable], options: dict[str, object]
) -> tuple[Found, pd.DataFrame]:
    """Of one phantom of the published size, and what its truth needs."""
    table = population((188, 45), seed=seed, **options)
    for variable in variables:
        if variable.kind != "continuous":
            levels = variable.levels or sorted(table[variable.name].unique())
            table[variable.name] = pd.Categorical(table[variable.name], levels, ordered=True)
    risk = table["cet1_shown"]
    model = Model("deep_learning", risk, risk, True)
    of = compared(table, arms(table, "regimen"), model, "regimen", variables)
    by = balance(of)
    group = pd.Series(pd.Categorical.from_codes((risk > risk.median()).astype(int), GROUPS, ordered=True), table.index)
    plain_cox = cox(of.time, of.event, of.treated, of.hospitals)
    found: Found = {"unadjusted": (plain_cox.hazard_ratio()[0], *plain_cox.hazard_ratio()[1])}
    iptw = estimated(weighted, of, by)
    found["IPTW"] = None if isinstance(iptw, NotEstimable) else (iptw.estimate, *iptw.ci)
    whole = estimated(adjusted, of, by, draws=draws, seed=0)
    for name in ("adjusted", "conditional", "RMST 36", "RMST 60"):
        if isinstance(whole, NotEstimable):
            found[name] = None
            continue
        of_name = {"adjusted": whole.marginal, "conditional": whole.conditional}
        one = of_name[name] if name in of_name else whole.means[float(name.split()[1])]
        found[name] = None if isinstance(one, NotEstimable) else (one.estimate, *one.ci)
    for name, test in (
        ("continuous", estimated(likelihood_ratio_of_interaction, of, of.score)),
        ("grouped", estimated(grouped, of, group)),
    ):
        found[name] = None if isinstance(test, NotEstimable) else test.p
    return found, table[OUTCOMES]


def line(name: str, found: list[Found], truth: dict[str, float]) -> str:
    """Of a figure: truth, average, bias, coverage."""
    known = np.array([one[name] for one in found if one[name] is not None])
    if not len(known):
        return f"  {name:12s} no number in any of {len(found)} phantoms"
    right = truth.get(name, truth["hazard ratio"])
    is_ratio = not name.startswith("RMST")
    middle = np.exp(np.log(known[:, 0]).mean()) if is_ratio else known[:, 0].mean()
    shown = f"  {name:12s} {len(known):3d} of {len(found)}: mean {middle:.3f}"
    if name == "conditional":
        return shown
    covered = ((known[:, 1] <= right) & (right <= known[:, 2])).mean()
    return f"{shown}, truth {right:.3f}, bias {middle / right - 1:+.1%}, coverage {covered:.1%}"


def main() -> None:
    """Prints a block for each setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phantoms", type=int, default=300, help="of each setting")
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--draws", type=int, default=100, help="of the bootstrap")
    parser.add_argument("--minutes", type=float, default=600, help="after which a setting draws no more phantoms")
    choices = parser.parse_args()
    variables = parse(plain(compose([]).cohort)["clinical"])
    for setting in choices.settings:
        options = SETTINGS[setting]
        one = delayed(partial(figures, draws=choices.draws, variables=variables, options=options))
        start, done = time.monotonic(), []
        while len(done) < choices.phantoms and time.monotonic() - start < 60 * choices.minutes:
            some = range(len(done), min(len(done) + 10, choices.phantoms))
            done += Parallel(n_jobs=2)(one(FIRST + number) for number in some)
        found, truth = [figures for figures, _ in done], truths(pd.concat([patients for _, patients in done]))
        print(f"{setting}: {len(done)} phantoms")
        for name in FIGURES:
            print(line(name, found, truth))
        for name in ("continuous", "grouped"):
            p = np.array([one[name] for one in found if one[name] is not None])
            print(f"  interaction, {name}: P < 0.05 in {(p < 0.05).mean():.1%} of {len(p)}", flush=True)


if __name__ == "__main__":
    main()
