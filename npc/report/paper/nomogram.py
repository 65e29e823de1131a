"""A nomogram of a logistic model: points of each variable, their sum, and the chance that goes with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from scipy.special import expit, logit

from npc.report.kit.figure import PAGE, drawing

CHANCES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


def draw(
    path: Path, scales: Mapping[str, Sequence[tuple[str, float]]], intercept: float, outcome: str = "distant metastasis"
) -> None:
    """Draws a nomogram.

    Args:
        path: of the figure, without suffix.
        scales: for each variable its values, as (what to write, contribution to the log odds), in order.
        intercept: of the model.
        outcome: what the chance is of.
    """
    lows = {name: min(part for _, part in values) for name, values in scales.items()}
    widths = {name: max(part for _, part in values) - lows[name] for name, values in scales.items()}
    unit = 100 / max(widths.values())  # points a unit of log odds: the strongest variable runs from 0 to 100
    base = intercept + sum(lows.values())
    total = sum(widths.values()) * unit
    with drawing(path, width=PAGE, height=22 + 11 * (len(scales) + 3)) as figure:
        axes = figure.subplots()
        axes.set(xlim=(-34, 102), ylim=(-(len(scales) + 3) + 0.3, 0.7))
        axes.axis("off")
        _line(axes, 0, "Points", [(f"{p}", p) for p in range(0, 101, 10)])
        for row, (name, values) in enumerate(scales.items(), start=1):
            _line(axes, -row, name, [(said, (part - lows[name]) * unit) for said, part in values])
        row = len(scales) + 1
        step = 20 if total <= 250 else 50
        _line(axes, -row, "Total points", [(f"{p}", 100 * p / total) for p in range(0, int(total) + 1, step)])
        reached = [c for c in CHANCES if base <= logit(c) <= base + total / unit] or [float(expit(base))]
        chances = [(f"{c:g}", 100 * (float(logit(c)) - base) * unit / total) for c in reached]
        _line(axes, -row - 1, f"Chance of\n{outcome}", chances)


def _line(axes: Axes, height: float, name: str, ticks: Sequence[tuple[str, float]]) -> None:
    places = [place for _, place in ticks]
    axes.text(-33, height, name, va="center", ha="left", fontsize=7)
    axes.plot([min(places), max(places)], [height, height], color="black", linewidth=0.8)
    last: dict[float, float] = {}
    for said, place in sorted(ticks, key=lambda tick: tick[1]):
        axes.plot([place, place], [height, height + 0.12], color="black", linewidth=0.8)
        # a label that would run into its neighbour goes below the line
        above = place - last.get(1.0, -np.inf) > 0.9 * len(said) + 1.5
        side = 1.0 if above else -1.0
        last[side] = place
        axes.text(place, height + 0.18 * side, said, ha="center", va="bottom" if above else "top", fontsize=6)
