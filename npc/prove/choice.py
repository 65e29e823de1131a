"""Proof: patients of the test cohort change no choice."""

import json

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.prove.evaluation import analysed
from npc.prove.proof import Proof, Row, all_hold, compared
from npc.prove.runs import METHODS, TinyRuns

_CLAIM = "Other patients in the test cohort change no choice."
_METHOD = (
    "Two networks that differ in their seed (three epochs each, of which the validation cohort chooses one), a "
    "radiomic and a frozen-encoder signature were trained, and evaluate.py's analysis was made of them; then all of it "
    "again on a copy in which every test patient was replaced by another one and events and non-events were exchanged. "
    "Compared are the epochs, the run of each variant, the signature, clinical variables, coefficients, thresholds and "
    "cut-offs. The test figures in the last rows must differ, or the change would have had no effect."
)
_NETWORK = ("method=deep_learning", "trainer.max_epochs=3")


def choice_proof(tiny: TinyRuns) -> Proof:
    """Makes the runs and the analysis on two cohorts, and compares every choice."""
    before = _analysis(tiny, "original")
    test = before.patients.index[before.patients["split"] == "test"]
    tiny.alter("test_altered", set(test))
    after = _analysis(tiny, "test_altered")
    key = before.choice.lead.key
    rows: list[Row] = compared("Choices", key, _choices(before), _choices(after), same=True)
    rows += compared("Test figures", key, _figures(before), _figures(after), same=False)
    return Proof("choice", _CLAIM, _METHOD, all_hold(rows), tuple(rows))


def _analysis(tiny: TinyRuns, cohort: str) -> Analysis:
    for seed in (0, 1):
        tiny.train(cohort, *_NETWORK, f"seed={seed}")
    for method in ("radiomic", "frozen"):
        tiny.train(cohort, *METHODS[method])
    return analysed(tiny, cohort)


def _choices(analysis: Analysis) -> dict[str, str]:
    choice, significance = analysis.choice, analysis.choices.prognosis.significance
    found = {
        f"epoch of {run.key}": str(json.loads((run.path / "metrics.json").read_text())["best_epoch"])
        for run in choice.runs
        if run.method == "deep_learning"
    }
    found |= {
        f"run of {method}/{variant}": run.key for method, of in choice.best.items() for variant, run in of.items()
    }
    found["signature"] = choice.lead.key
    found["clinical variables"] = ", ".join(t.variable.name for t in analysis.univariate if t.significant(significance))
    for name, result in analysis.models.items():
        title = MODELS[name]
        found[f"{title}: threshold"] = repr(float(result.threshold))
        found[f"{title}: cut-off"] = repr(float(result.cutoffs["train"]))
        if result.model.fitted:
            terms = zip(("intercept", *result.model.terms), result.model.fitted.coefficient, strict=True)
            found |= {f"{title}: {term}": repr(float(value)) for term, value in terms}
    return found


def _figures(analysis: Analysis) -> dict[str, str]:
    return {
        f"{MODELS[name]}: AUC of the test cohort": str(result.auc["test"].estimate)
        for name, result in analysis.models.items()
    }
