"""Proof: pure noise is found significant as rarely as it should be."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from omegaconf import OmegaConf
from scipy.stats import binomtest

from npc.cohort import clinical
from npc.cohort.load import load
from npc.config.values import plain
from npc.prognosis.estimable import estimated
from npc.prognosis.headline import FIGURES, headline
from npc.prognosis.models import clinical_with
from npc.prognosis.patients import analysed
from npc.prognosis.runs import finished_runs
from npc.prognosis.univariate import univariate
from npc.prove.evaluation import SIGNIFICANCE, evaluate_choices
from npc.prove.proof import Proof, Row, all_hold
from npc.prove.runs import COHORT, TinyRuns
from npc.statistics import NotEstimable

DRAWS = 200
PERMUTATIONS = 199
LEVEL = 0.05
UNLIKELY = 0.01  # P of the binomial test below which the share is not 95%

_CLAIM = "Pure noise has P > 0.05 in about 95 of 100 draws."
_METHOD = (
    f"{DRAWS} times the outcomes were permuted among all patients, so that nothing predicts them, and a signature of "
    "random numbers was drawn. Clinical variables were then chosen and the combined model was fitted on the training "
    f"cohort as evaluate.py does (P < {SIGNIFICANCE:g}; the signature alone where no variable was significant), and "
    f"its figures in the test cohort were judged by {PERMUTATIONS} permutations, as the headline figure of a report "
    "is. The claim holds where the binomial test does not reject a share of 95% "
    f"(P > {UNLIKELY:g})."
)


def noise_proof(tiny: TinyRuns) -> Proof:
    """Draws noise and counts significant results; a run on the original cohort must be there."""
    choices = evaluate_choices(tiny, "original")
    run = finished_runs(tiny.runs("original"), COHORT)[0][0]
    endpoint = {name: choices.endpoint[name] for name in ("kind", "event", "time", "months")}
    patients = analysed(load(choices.cohort, choices.endpoint, sequences=[]), run, **endpoint)
    variables = clinical.parse(plain(choices.cohort)["clinical"])
    found: dict[str, list[float]] = {name: [] for name in FIGURES}
    for draw in range(DRAWS):
        for name, p in _p_values(patients, variables, draw).items():
            found[name].append(p)
    rows = [_row(FIGURES[name], np.array(p)) for name, p in found.items()]
    return Proof("noise", _CLAIM, _METHOD, all_hold(rows), tuple(rows))


def _p_values(patients: pd.DataFrame, variables: Sequence[clinical.Variable], seed: int) -> dict[str, float]:
    rng, outcome = np.random.default_rng(seed), ["label", "time", "event"]
    drawn = patients.copy()
    drawn[outcome] = patients[outcome].to_numpy()[rng.permutation(len(patients))]
    noise = pd.Series(rng.standard_normal(len(patients)), patients.index)
    tests = univariate(drawn[drawn["split"] == "train"], variables)
    model = estimated(clinical_with, drawn, tests, SIGNIFICANCE, noise.map(np.exp))
    risk = noise if isinstance(model, NotEstimable) else model.risk
    report = OmegaConf.create({"permutations": PERMUTATIONS, "seed": seed})
    figures = headline(drawn, "combined", risk, report).figures
    return {name: one.p for name, one in figures.items() if not isinstance(one, NotEstimable)}


def _row(title: str, p: np.ndarray) -> Row:
    beyond = int((p > LEVEL).sum())
    test = binomtest(beyond, len(p), 1 - LEVEL)
    low, high = test.proportion_ci(0.95, "exact")
    return {
        "Figure": title,
        "Draws": str(len(p)),
        f"P > {LEVEL:g}": str(beyond),
        "Share (95% interval)": f"{beyond / len(p):.1%} ({low:.1%} to {high:.1%})",
        "P of the binomial test of 95%": f"{test.pvalue:.3f}",
        "Holds": "yes" if test.pvalue > UNLIKELY else "no",
    }
