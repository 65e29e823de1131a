"""A nomogram of a logistic model: points of each variable, their sum, and the probability of the outcome."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from scipy.special import expit, logit

from npc.prognosis.models import Scale
from npc.report.kit.figure import PAGE, drawing

PROBABILITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


def draw(path: Path, scales: Sequence[Scale], intercept: float, outcome: str) -> None:
    """Draws a nomogram.

    Args:
        path: of the figure, without suffix.
        scales: of the variables.
        intercept: of the model, log odds.
        outcome: whose probability is shown.
    """
    lows = [min(part for _, part in scale.marks) for scale in scales]
    widths = [max(part for _, part in scale.marks) - low for scale, low in zip(scales, lows, strict=True)]
    unit = 100 / max(widths)  # points a unit of log odds: the strongest variable runs from 0 to 100
    base = intercept + sum(lows)
    total = sum(widths) * unit
    with drawing(path, width=PAGE, height=22 + 11 * (len(scales) + 3)) as figure:
        axes = figure.subplots()
        axes.set(xlim=(-34, 102), ylim=(-(len(scales) + 3) + 0.3, 0.7))
        axes.axis("off")
        _line(axes, 0, "Points", [(f"{p}", p) for p in range(0, 101, 10)])
        for row, (scale, low) in enumerate(zip(scales, lows, strict=True), start=1):
            _line(axes, -row, scale.title, [(mark, (part - low) * unit) for mark, part in scale.marks])
        row = len(scales) + 1
        step = 20 if total <= 250 else 50
        _line(axes, -row, "Total points", [(f"{p}", 100 * p / total) for p in range(0, int(total) + 1, step)])
        reached = [p for p in PROBABILITIES if base <= logit(p) <= base + total / unit] or [float(expit(base))]
        marks = [(f"{p:g}", 100 * (float(logit(p)) - base) * unit / total) for p in reached]
        _line(axes, -row - 1, f"Probability of\n{outcome}", marks, thin=True)


def _line(axes: Axes, height: float, title: str, ticks: Sequence[tuple[str, float]], thin: bool = False) -> None:
    """A scale; a label that would run into its neighbour goes below the line.

    Args:
        axes: to draw on.
        height: of the line.
        title: left of it.
        ticks: label and place of each, in points.
        thin: whether a label that has no room on either side is left out.
    """
    places = [place for _, place in ticks]
    axes.text(-33, height, title, va="center", ha="left", fontsize=7)
    axes.plot([min(places), max(places)], [height, height], color="black", linewidth=0.8)
    end = {1.0: -np.inf, -1.0: -np.inf}  # of the last label above and below
    for mark, place in sorted(ticks, key=lambda tick: tick[1]):
        axes.plot([place, place], [height, height + 0.12], color="black", linewidth=0.8)
        half = (0.9 * len(mark) + 1.5) / 2
        free = [side for side, last in end.items() if place - half > last]
        if thin and not free:
            continue
        side = free[0] if free else -1.0
        end[side] = place + half
        axes.text(place, height + 0.18 * side, mark, ha="center", va="bottom" if side > 0 else "top", fontsize=6)
