"""Negative controls as a report shows them: each signature beside the size of the tumour and trained controls."""

from collections.abc import Mapping

import pandas as pd

from npc.names import CONTROLS, MODELS, NOT_ESTIMABLE, SPLITS
from npc.prognosis.analysis import Analysis
from npc.prognosis.controls import MEASURES, SMALL, Against, Controls
from npc.report.kit import words
from npc.statistics import NotEstimable

_SIZE = (
    "A signature that knows no more than the volume of the tumour could be replaced by a ruler. More than volume: "
    "added to the volume in a Cox model of patients on whom it was not fitted, the signature has P < 0.05 (likelihood "
    "ratio), and a higher risk is worse. If not so, no more than volume: the hazard ratio of one standard deviation of "
    f"what the volume does not explain of the signature has an upper 95% limit below {SMALL:g}. Otherwise it can't be "
    "told, mostly because there are too few events."
)
_TRAINED = (
    "Outline alone, shuffled and redrawn voxels: the same method, trained again on images that show no more than this. "
    "A signature that needs the arrangement of the grey levels has a clearly higher AUC than all three."
)
_PERMUTED = (
    "Permuted outcomes: the same training after the outcomes of the training and validation patients were permuted "
    "within their cohort. The AUC is the mean of these trainings, and the P value the share of them, this one counted, "
    "that reach the AUC of the signature."
)
_CONTROLS = {"volume": "tumour volume", "area": "largest area of a slice"}


def text(analysis: Analysis) -> list[str]:
    """How to read the controls that there are."""
    made = {
        _SIZE: True,
        _TRAINED: any(analysis.trained_controls.values()),
        _PERMUTED: any(analysis.permuted_outcomes.values()),
    }
    return [sentence for sentence, shown in made.items() if shown]


def table(analysis: Analysis) -> pd.DataFrame:
    """AUC of each control and the difference of the model's AUC, a row a model, control and cohort."""
    rows = []
    for name, found in analysis.controls.items():
        if not isinstance(found, NotEstimable):
            for measure in MEASURES:
                against = found.volume if measure == "volume" else found.area
                training = "out of fold, all folds together" if "train" in found.held_out else "in-sample"
                rows += _rows(MODELS[name], _CONTROLS[measure], against, analysis, f" ({training})")
        rows += _trained(name, analysis) + _permuted_outcomes(name, analysis)
    for measure, against in analysis.combined_controls.items():
        rows += _rows(MODELS["combined"], f"clinical model with {_CONTROLS[measure]}", against, analysis, "")
    return pd.DataFrame(rows)


def added(analysis: Analysis) -> pd.DataFrame:
    """What each signature adds to the volume, and the verdict."""
    return pd.DataFrame(
        {
            "Model": MODELS[name],
            "Held-out patients": " and ".join(_cohort(split, analysis) for split in found.held_out) or "none",
            "Events": found.events,
            "Hazard ratio of 1 SD at equal volume": words.with_interval(found.added.hazard_ratio, found.added.ci, 2)
            if not isinstance(found.added, NotEstimable)
            else words.number(None),
            "P value (likelihood ratio)": words.p_of(getattr(found.added, "test", None)),
            "Correlation with volume": words.number(found.correlation, 2),
            "Verdict": found.sentence(),
        }
        for name, found in analysis.controls.items()
        if isinstance(found, Controls)
    )


def notes(analysis: Analysis) -> list[str]:
    """The verdict on each signature in a sentence, or why there is none."""
    sentences = []
    for name, found in analysis.controls.items():
        if isinstance(found, NotEstimable):
            sentences.append(f"{MODELS[name]} was not compared with the size of the tumour: {found}")
            continue
        reason = f" ({found.added})" if isinstance(found.added, NotEstimable) else ""
        sentences.append(f"{MODELS[name]}, beside the volume of the tumour: {found.sentence()}{reason}")
    return sentences


def _trained(name: str, analysis: Analysis) -> list[dict[str, str]]:
    """A control that can't be used has one row with the reason."""
    rows = []
    for control, found in analysis.trained_controls[name].items():
        if isinstance(found, NotEstimable):
            rows.append(_row(MODELS[name], CONTROLS[control], "all", f"{NOT_ESTIMABLE}: {found}", None, None))
        else:
            training = "out of fold, all folds together" if found.out_of_fold else "in-sample"
            rows += _rows(MODELS[name], CONTROLS[control], found.against, analysis, f" ({training})")
    return rows


def _permuted_outcomes(name: str, analysis: Analysis) -> list[dict[str, str]]:
    rows = []
    for split, found in analysis.permuted_outcomes[name].items():
        of, cohort = (MODELS[name], "permuted outcomes"), analysis.splits[split]
        if isinstance(found, NotEstimable):
            rows.append(_row(*of, cohort, f"{NOT_ESTIMABLE}: {found}", None, None))
        else:
            auc = f"{found.auc:.3f} (mean of {found.permutations})"
            rows.append(_row(*of, cohort, auc, found.difference, found))
    return rows


def _rows(
    model: str, control: str, against: Mapping[str, Against], analysis: Analysis, training: str
) -> list[dict[str, str]]:
    rows = []
    for split, title in analysis.splits.items():
        cohort, test = title + training if split == "train" else title, against[split].test
        auc, difference = words.number(against[split].auc), getattr(test, "difference", None)
        rows.append(_row(model, control, cohort, auc, difference, test))
    return rows


def _row(model: str, control: str, cohort: str, auc: str, difference: float | None, test: object) -> dict[str, str]:
    return {
        "Model": model,
        "Control": control,
        "Cohort": cohort,
        "AUC of the control": auc,
        "Difference of AUC": words.number(difference),
        "P value": words.p_of(test),
    }


def _cohort(split: str, analysis: Analysis) -> str:
    return "training (out of fold)" if split == "train" else analysis.splits.get(split, SPLITS[split]).lower()
