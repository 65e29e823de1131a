"""Calibration curves of one cohort, a panel a model: observed against predicted risk, and a histogram of the risks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.prognosis.times import Calibration
from npc.report.kit import words
from npc.report.kit.figure import COLOURS, PAGE, SMALL, drawing
from npc.statistics import NotEstimable

BINS = 25
FOOT = 0.22  # height of the histogram below the curve
WIDTH = 38  # characters of a line above a panel


@dataclass(frozen=True)
class Panel:
    """One model.

    Attributes:
        title: above it.
        found: what it shows.
    """

    title: str
    found: Calibration


def panels(analysis: Analysis, split: str) -> list[Panel]:
    """A panel a model, of one cohort."""
    return [Panel(MODELS[name], times.cohorts[split].calibration) for name, times in analysis.times.items()]


def draw(path: Path, panels: Sequence[Panel], *, event: str, columns: int = 3) -> None:
    """Draws them in rows.

    Args:
        path: of the figure, without suffix.
        panels: in order.
        event: what the risk is of.
        columns: panels in a row.
    """
    rows = -(-len(panels) // columns)
    with drawing(path, width=PAGE, height=80 * rows) as figure:
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for i, axes in enumerate(grid.flat):
            if i >= len(panels):
                axes.axis("off")
                continue
            found = panels[i].found
            axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.8, zorder=0)
            smooth = found.smoothed
            if not isinstance(smooth, NotEstimable):
                if not isinstance(smooth.band, NotEstimable):
                    axes.fill_between(smooth.predicted, *smooth.band, color=COLOURS[1], alpha=0.15, linewidth=0)
                axes.plot(smooth.predicted, smooth.observed, color=COLOURS[1])
            if not isinstance(found.probability, NotEstimable):
                _histogram(axes, found.probability)
            axes.set_title(f"({chr(97 + i)}) {panels[i].title}\n{_text(found)}", loc="left", fontsize=SMALL)
            axes.set(xlim=(0, 1), ylim=(-FOOT, 1), yticks=np.linspace(0, 1, 6))
            axes.tick_params(labelbottom=True)
            axes.set_xlabel(f"Predicted risk of {event}\nby month {found.horizon:g}")
        for axes in grid[:, 0]:
            axes.set_ylabel("Observed risk")


def _histogram(axes: Axes, probability: np.ndarray) -> None:
    """Of the predicted risks, below 0; with the number of patients of the highest bar."""
    counts, edges = np.histogram(probability, bins=BINS, range=(0, 1))
    axes.bar(edges[:-1], 0.55 * FOOT * counts / counts.max(), np.diff(edges), bottom=-FOOT, align="edge", color="0.6")
    axes.text(0.99, -0.01, f"Highest bar: {counts.max()}", ha="right", va="top", fontsize=SMALL)


def _text(found: Calibration) -> str:
    if isinstance(found.oe, NotEstimable):
        return fill(words.estimate(found.oe), WIDTH)
    smooth = found.smoothed
    ici = smooth if isinstance(smooth, NotEstimable) else smooth.ici
    return "\n".join(
        fill(text, WIDTH)
        for text in (
            f"Observed / expected {words.estimate(found.oe, 2)}",
            f"Slope {words.estimate(found.slope, 2)}",
            f"ICI {words.estimate(ici)}",
        )
    )
