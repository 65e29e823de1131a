"""ROC curves of all models, a panel a cohort (Fig. 3 of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from sklearn.metrics import roc_curve

from npc.report.kit.figure import PAGE, drawing
from npc.report.kit.names import COHORTS, MODELS, NOT_ESTIMABLE

DASHES = ("-", "--", "-.", ":")  # told apart in grey, too


def draw(path: Path, patients: pd.DataFrame, risks: pd.DataFrame, aucs: Mapping[str, Mapping[str, str]]) -> None:
    """Draws Fig. 3.

    Args:
        path: of the figure, without suffix.
        patients: `split` and `label`.
        risks: a column a model, the same patients.
        aucs: the words for AUC and interval, by model and split.
    """
    with drawing(path, width=PAGE, height=82) as figure:
        panels = figure.subplots(1, len(COHORTS), sharey=True)
        for panel, letter, (split, cohort) in zip(panels, "abc", COHORTS.items(), strict=True):
            here = patients["split"] == split
            events = int(patients.loc[here, "label"].sum())
            panel.plot([0, 1], [0, 1], color="0.75", linewidth=0.8, zorder=0)
            for model, dash in zip(map(str, risks), DASHES, strict=False):
                name = f"{MODELS[model]}\n{aucs[model][split]}"
                if patients.loc[here, "label"].nunique() == 2:
                    x, y, _ = roc_curve(patients.loc[here, "label"], risks.loc[here, model], drop_intermediate=False)
                    panel.plot(x, y, dash, label=name)
                else:
                    panel.plot([], [], dash, label=f"{MODELS[model]}\n{NOT_ESTIMABLE}")
            panel.set_title(f"({letter}) {cohort}\n{here.sum()} patients, {events} events", loc="left")
            panel.set(xlabel="1 - specificity", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
            panel.legend(loc="lower right", fontsize=5.5, handlelength=2.2, borderaxespad=0.2)
        panels[0].set_ylabel("sensitivity")
