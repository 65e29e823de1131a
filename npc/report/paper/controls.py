"""Negative controls as a report shows them: each signature beside the size of the tumour."""

from collections.abc import Mapping

import pandas as pd

from npc.names import MODELS, SPLITS
from npc.prognosis.analysis import Analysis
from npc.prognosis.controls import MEASURES, SMALL, Against, Controls
from npc.report.kit import words
from npc.statistics import NotEstimable

TEXT = (
    "A signature that knows no more than the volume of the tumour could be replaced by a ruler. More than volume: "
    "added to the volume in a Cox model of patients on whom it was not fitted, the signature has P < 0.05 (likelihood "
    "ratio), and a higher risk is worse. If not so, no more than volume: the hazard ratio of one standard deviation of "
    f"what the volume does not explain of the signature has an upper 95% limit below {SMALL:g}. Otherwise it can't be "
    "told, mostly because there are too few events."
)
_CONTROLS = {"volume": "tumour volume", "area": "largest area of a slice"}


def table(analysis: Analysis) -> pd.DataFrame:
    """AUC of each control and the difference of the model's AUC, a row a model, control and cohort."""
    rows = []
    for name, found in analysis.controls.items():
        if not isinstance(found, NotEstimable):
            for measure in MEASURES:
                against = found.volume if measure == "volume" else found.area
                training = "out of fold" if "train" in found.held_out else "in-sample"
                rows += _rows(MODELS[name], _CONTROLS[measure], against, analysis, f" ({training})")
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


def _rows(
    model: str, control: str, against: Mapping[str, Against], analysis: Analysis, training: str
) -> list[dict[str, str]]:
    return [
        {
            "Model": model,
            "Control": control,
            "Cohort": title + training if split == "train" else title,
            "AUC of the control": words.number(against[split].auc),
            "Difference of AUC": words.number(getattr(against[split].test, "difference", None)),
            "P value": words.p_of(against[split].test),
        }
        for split, title in analysis.splits.items()
    ]


def _cohort(split: str, analysis: Analysis) -> str:
    return "training (out of fold)" if split == "train" else analysis.splits.get(split, SPLITS[split]).lower()
