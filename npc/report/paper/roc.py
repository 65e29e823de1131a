"""ROC curves of all models, a panel a cohort (Fig. 3 of the paper)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.prognosis.discrimination import AucResult
from npc.report.kit import words
from npc.report.kit.figure import PAGE, drawing
from npc.report.paper.cohorts import cohorts
from npc.statistics import NotEstimable

# So that curves differ in print without colours, too: one for each of `npc.names.MODELS`.
DASHES = ("-", "--", "-.", ":", (0, (6, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3)))


@dataclass(frozen=True)
class Curve:
    """One curve.

    Attributes:
        name: of the model.
        auc: in words.
        points: 1 - specificity and sensitivity, (thresholds, 2); none where there is one class only.
    """

    name: str
    auc: str
    points: np.ndarray


@dataclass(frozen=True)
class Panel:
    """One cohort.

    Attributes:
        title: above it.
        curves: a model each.
    """

    title: str
    curves: Sequence[Curve]


def panels(analysis: Analysis) -> list[Panel]:
    """A panel a cohort, the held-out ones first."""
    made = []
    for cohort in cohorts(analysis):
        split = cohort.split
        label = analysis.patients.loc[analysis.patients["split"] == split, "label"]
        curves = []
        for name, result in analysis.models.items():
            risk = result.model.risk[label.index]
            curves.append(curve(MODELS[name], label, risk, result.auc[split], analysis.choices.report.ci))
        made.append(Panel(f"{cohort.title}\n{len(label)} patients, {int(label.sum())} events", curves))
    return made


def curve(name: str, label: pd.Series, risk: pd.Series, found: AucResult, kind: str) -> Curve:
    """The curve of a risk.

    Args:
        name: in the legend.
        label: 0 or 1 of each patient.
        risk: of the same patients.
        found: its AUC.
        kind: of the interval.
    """
    points = np.empty((0, 2))
    if not isinstance(found.estimate, NotEstimable):
        x, y, _ = roc_curve(label, risk, drop_intermediate=False)
        points = np.stack([x, y], axis=1)
    return Curve(name, words.auc(found, kind), points)


def draw(path: Path, panels: Sequence[Panel]) -> None:
    """Draws Fig. 3.

    Args:
        path: of the figure, without suffix.
        panels: side by side.
    """
    models = max(len(panel.curves) for panel in panels)
    with drawing(path, width=PAGE, height=76 + 8.6 * models) as figure:
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, letter, panel in zip(grid, "abc", panels, strict=False):
            axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.8, zorder=0)
            for curve, dash in zip(panel.curves, cycle(DASHES), strict=False):
                axes.plot(*curve.points.T, linestyle=dash, label=f"{curve.name}\n{curve.auc}")
            axes.set_title(f"({letter}) {panel.title}", loc="left")
            axes.set(xlabel="1 − specificity", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", anchor="N")
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), handlelength=2.4)  # below: a curve may lie anywhere
        grid[0].set_ylabel("Sensitivity")
