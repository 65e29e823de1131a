"""Kaplan-Meier curves of groups, with intervals and a table of numbers at risk (Fig. 4 of the paper)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from npc.cohort.schema import OUTCOMES
from npc.names import MODELS, RISK_GROUPS
from npc.prognosis.analysis import Analysis
from npc.prognosis.survival import Survival
from npc.report.kit import words
from npc.report.kit.figure import COLOURS, PAGE, SMALL, drawing
from npc.statistics.kaplan_meier import Curve

_IN_FULL = {
    "DMFS": "distant metastasis-free survival",
    "OS": "overall survival",
    "PFS": "progression-free survival",
    "RFS": "recurrence-free survival",
}
LINE = 26  # characters beside a panel
DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        title: above it.
        curves: by the name of the group, in the order in which they are shown; time in months.
        text: text of the panel, such as the log-rank test.
    """

    title: str
    curves: dict[str, Curve]
    text: str


def risk_groups(analysis: Analysis) -> list[Panel]:
    """Low and high risk by each model, of all cohorts together (Fig. 4a-d)."""
    return [panel(MODELS[name], result.pooled) for name, result in analysis.models.items()]


def of_cohort(analysis: Analysis, split: str) -> list[Panel]:
    """Low and high risk by each model in one cohort."""
    return [panel(MODELS[name], result.survival[split]) for name, result in analysis.models.items()]


def hospitals(analysis: Analysis) -> list[Panel]:
    """Low and high risk by the leading model in each hospital of cohorts with several."""
    return [panel(f"{one.name} ({analysis.splits[one.split].lower()})", one.survival) for one in analysis.hospitals]


def treatments(analysis: Analysis) -> list[Panel]:
    """Both treatments within the risk groups of the leading model (Fig. 4e-f)."""
    lead = next(iter(analysis.models))
    if lead not in analysis.treatment:
        return []
    groups = analysis.treatment[lead].groups
    return [
        panel(f"{RISK_GROUPS[group].capitalize()} ({MODELS[lead].lower()})", found.survival)
        for group, found in groups.items()
    ]


def draw(path: Path, panels: Sequence[Panel], *, endpoint: Mapping[str, Any], columns: int = 2) -> None:
    """Draws panels in rows.

    Args:
        path: of the figure, without suffix.
        panels: in order.
        endpoint: `survival`, what the curves show, and `time`, the column with the months.
        columns: panels in a row.
    """
    rows = -(-len(panels) // columns)
    with drawing(path, width=PAGE, height=86 * rows) as figure:
        grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[4, 1] * rows)
        end = max((float(curve.time[-1]) for panel in panels for curve in panel.curves.values()), default=1.0)
        ticks = np.arange(0, end, 12 if end <= 72 else 24)
        for i in range(rows * columns):
            row, column = divmod(i, columns)
            curves, table = grid[2 * row][column], grid[2 * row + 1][column]
            if i < len(panels):
                _draw_curves(curves, panels[i], f"({chr(97 + i)}) ", ticks, end)
                if column == 0:
                    curves.set_ylabel(shown_as(endpoint["survival"]))
                _draw_at_risk(table, panels[i], ticks, end, since(endpoint["time"]))
            else:
                curves.axis("off")
                table.axis("off")


def panel(title: str, found: Survival) -> Panel:
    """Two groups with their log-rank test and hazard ratio."""
    p = words.p_in_text(getattr(found.logrank, "p", None))
    text = f"Log-rank {p}\nHazard ratio {words.hazard_ratio(found.hazard_ratio)}"
    return Panel(title, {group.name: group.curve for group in found.groups if group.curve}, text)


def shown_as(survival: str) -> str:
    """The title of the vertical axis, abbreviations in full."""
    name = _IN_FULL.get(survival, survival)
    return fill(f"{name[:1].upper()}{name[1:]}", LINE)


def since(time: str) -> str:
    """The title of the horizontal axis; the start is known of the outcomes that every cohort declares alike."""
    return "Time since diagnosis (months)" if time in OUTCOMES else "Time (months)"


def _draw_curves(axes: Axes, panel: Panel, letter: str, ticks: np.ndarray, end: float) -> None:
    for (name, curve), colour, dash in zip(panel.curves.items(), COLOURS[1:], DASHES, strict=False):
        months, survival, lower, upper = (
            np.insert(values, 0, start)
            for values, start in ((curve.time, 0), (curve.survival, 1), (curve.lower, 1), (curve.upper, 1))
        )
        axes.step(months, survival, dash, where="post", color=colour, label=f"{name} (n = {curve.at_risk[0]})")
        axes.fill_between(months, lower, upper, step="post", color=colour, alpha=0.12, linewidth=0)
        censored = curve.at_risk - curve.events > np.append(curve.at_risk[1:], 0)
        axes.plot(curve.time[censored], curve.survival[censored], "|", color=colour, markersize=3, markeredgewidth=0.6)
    axes.set_title(letter + panel.title, loc="left", pad=38)
    axes.set(xlim=(0, end), ylim=(0, 1.03), xticks=ticks)
    axes.tick_params(labelbottom=False)
    if panel.curves:  # above: a curve may lie anywhere
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1),
            title=panel.text,
            alignment="left",
            title_fontsize=SMALL,
            ncols=2,
        )
    else:
        axes.text(0.02, 0.02, panel.text, transform=axes.transAxes, fontsize=SMALL)


def _draw_at_risk(axes: Axes, panel: Panel, ticks: np.ndarray, end: float, xlabel: str) -> None:
    """Patients at risk just before each tick, as R's survfit counts them."""
    for height, (curve, colour) in enumerate(zip(panel.curves.values(), COLOURS[1:], strict=False)):
        for tick, n in zip(ticks, curve.number_at_risk(ticks), strict=True):
            axes.text(tick, -height, str(n), ha="center", va="center", color=colour, fontsize=SMALL)
    groups = len(panel.curves)
    axes.set(xlim=(0, end), ylim=(-groups + 0.5, 0.7), xticks=ticks, xlabel=xlabel)
    axes.set_yticks(range(0, -groups, -1), list(panel.curves))
    axes.set_title("Number at risk", loc="left", fontsize=SMALL, pad=1)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", left=False, pad=9)  # clear of the numbers at month 0
