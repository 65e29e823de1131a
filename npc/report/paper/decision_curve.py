"""Decision curves: net benefit of treating those above a threshold, a panel a cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from textwrap import fill

import numpy as np

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.report.kit.figure import COLOURS, PAGE, SMALL, drawing
from npc.report.paper.cohorts import cohorts
from npc.report.paper.roc import DASHES
from npc.statistics import NotEstimable
from npc.statistics.net_benefit import NetBenefit


@dataclass(frozen=True)
class Panel:
    """One cohort.

    Attributes:
        title: above it.
        curves: by model, or why it has none.
    """

    title: str
    curves: Mapping[str, list[NetBenefit] | NotEstimable]


def panels(analysis: Analysis) -> list[Panel]:
    """A panel a cohort."""
    return [
        Panel(
            cohort.heading,
            {MODELS[name]: times.cohorts[cohort.split].net_benefit for name, times in analysis.times.items()},
        )
        for cohort in cohorts(analysis)
    ]


def draw(path: Path, panels: Sequence[Panel]) -> None:
    """Draws them side by side.

    Args:
        path: of the figure, without suffix.
        panels: in order.
    """
    models = max(len(panel.curves) for panel in panels)
    with drawing(path, width=PAGE, height=72 + 2 * models) as figure:
        grid = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, letter, panel in zip(grid, "abc", panels, strict=False):
            top, first = 0.05, True
            axes.axhline(0, color="0.6", linewidth=0.8, label="Treat no one")
            for (name, curve), colour, dash in zip(panel.curves.items(), cycle(COLOURS), cycle(DASHES), strict=False):
                if isinstance(curve, NotEstimable):
                    continue
                x, y = _points(curve)
                if first:
                    everyone = np.array([one.all for one in curve])
                    axes.plot(x, everyone, color="0.6", linestyle=":", label="Treat everyone")
                    low, high = (np.array([np.nan if one.ci is None else one.ci[k] for one in curve]) for k in (0, 1))
                    axes.fill_between(x, low, high, color=colour, alpha=0.1, linewidth=0)
                    top, first = max(top, float(everyone.max())), False
                axes.plot(x, y, color=colour, linestyle=dash, label=name)
                top = max(top, float(np.nanmax(y)))
            reasons = [str(curve) for curve in panel.curves.values() if isinstance(curve, NotEstimable)]
            if first and reasons:
                axes.text(0.5, 0.5, fill(f"not estimable: {reasons[0]}", 32), ha="center", va="center",
                          transform=axes.transAxes, fontsize=SMALL)  # fmt: skip
            axes.set_title(f"({letter}) {panel.title}", loc="left")
            axes.set(xlabel="Threshold probability", xlim=(0, 1), ylim=(-0.3 * top, 1.15 * top))
        grid[0].set_ylabel("Net benefit")
        lines = {label: line for axes in grid for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=3, handlelength=2.4)


def _points(curve: Sequence[NetBenefit]) -> tuple[np.ndarray, np.ndarray]:
    values = [np.nan if isinstance(one.model, NotEstimable) else one.model for one in curve]
    return np.array([one.threshold for one in curve]), np.array(values)
