"""Kaplan-Meier curves of groups, with intervals and a table of numbers at risk (Fig. 4 of the paper)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from matplotlib.axes import Axes

from npc.report.kit.figure import COLOURS, PAGE, drawing

DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        title: above it.
        group: of each patient, in the order in which they are shown; missing is left out.
        time: months.
        event: 0 or 1.
        said: what stands in the panel, such as the log-rank test.
    """

    title: str
    group: pd.Series
    time: pd.Series
    event: pd.Series
    said: str


def draw(path: Path, panels: Sequence[Panel], *, columns: int = 2) -> None:
    """Draws panels in rows."""
    rows = -(-len(panels) // columns)
    with drawing(path, width=PAGE, height=72 * rows) as figure:
        grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[4, 1] * rows)
        end = max(float(panel.time.max()) for panel in panels)
        ticks = _ticks(end)
        for i in range(rows * columns):
            row, column = divmod(i, columns)
            curves, table = grid[2 * row][column], grid[2 * row + 1][column]
            if i < len(panels):
                _curves(curves, panels[i], f"({chr(97 + i)}) ", ticks, end)
                _at_risk(table, panels[i], ticks, end)
            else:
                curves.axis("off")
                table.axis("off")


def _levels(panel: Panel) -> list[str]:
    return [str(level) for level in panel.group.cat.categories if (panel.group == level).any()]


def _curves(axes: Axes, panel: Panel, letter: str, ticks: np.ndarray, end: float) -> None:
    for level, colour, dash in zip(_levels(panel), COLOURS[1:], DASHES, strict=False):
        here = panel.group == level
        fitted = KaplanMeierFitter().fit(panel.time[here], panel.event[here])
        interval = fitted.confidence_interval_survival_function_
        months = fitted.survival_function_.index.to_numpy()
        survival = fitted.survival_function_.iloc[:, 0].to_numpy()
        axes.step(months, survival, dash, where="post", color=colour, label=f"{level} (n = {here.sum()})")
        lower, upper = interval.to_numpy().T
        axes.fill_between(months, lower, upper, step="post", color=colour, alpha=0.12, linewidth=0)
        censored = panel.time[here & (panel.event == 0)]
        axes.plot(censored, fitted.predict(censored), "|", color=colour, markersize=3, markeredgewidth=0.6)
    axes.set_title(letter + panel.title, loc="left")
    axes.set(xlim=(0, end), ylim=(0, 1.03), xticks=ticks, ylabel="DMFS")
    axes.tick_params(labelbottom=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.1))
    axes.text(0.02, 0.02, panel.said, transform=axes.transAxes, fontsize=6.5)


def _at_risk(axes: Axes, panel: Panel, ticks: np.ndarray, end: float) -> None:
    """Patients whose time is not before each tick: those who are at risk just before it (R's survfit)."""
    levels = _levels(panel)
    for height, (level, colour) in enumerate(zip(levels, COLOURS[1:], strict=False)):
        here = panel.time[panel.group == level]
        for tick in ticks:
            axes.text(
                tick, -height, str(int((here >= tick).sum())), ha="center", va="center", color=colour, fontsize=6.5
            )
    axes.set(xlim=(0, end), ylim=(-len(levels) + 0.5, 0.7), xticks=ticks, xlabel="months")
    axes.set_yticks(range(0, -len(levels), -1), levels)
    axes.set_title("number at risk", loc="left", fontsize=6.5, pad=1)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", left=False, pad=9)  # clear of the numbers at month 0


def _ticks(end: float) -> np.ndarray:
    return np.arange(0, end, 12 if end <= 72 else 24)
