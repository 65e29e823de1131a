"""A nomogram of a logistic model: points of each variable, their sum, and the probability of the outcome."""

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple
from unicodedata import east_asian_width

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import expit, logit

from npc.names import with_signs
from npc.prognosis.scales import Scale, points_per_log_odds
from npc.report.kit.figure import PAGE, SMALL, TEXT, drawing

PROBABILITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
ROW = 11.0  # mm
NEAR, FURTHER = 0.18, 0.3  # rows from a line to its labels, and from there to labels beyond them
TITLE = 23  # characters in a line of a title
LEFT, RIGHT = -5.0, 104.0  # points between which labels lie; left of them are the titles
APART = 0.8  # points between two ticks
Ticks = Sequence[tuple[str, float]]  # label and place of each, in points


def draw(path: Path, scales: Sequence[Scale], intercept: float, outcome: str) -> None:
    """Draws a nomogram.

    Args:
        path: of the figure, without suffix.
        scales: of the variables.
        intercept: of the model, log odds.
        outcome: whose probability is shown.
    """
    lines = _lines(scales, intercept, outcome)
    with drawing(path, width=PAGE, height=ROW * (3 + _heights(lines)[-1])) as figure:
        lay_out(figure, lines)


def _lines(scales: Sequence[Scale], intercept: float, outcome: str) -> list[tuple[str, Ticks, bool]]:
    """Title, ticks, and whether a label may be left out, of each line from the top."""
    unit = points_per_log_odds(scales)
    base = intercept + sum(scale.low for scale in scales)
    total = sum(scale.width for scale in scales) * unit
    step = 20 if total <= 250 else 50
    reached = [p for p in PROBABILITIES if base <= logit(p) <= base + total / unit] or [float(expit(base))]
    return [
        ("Points", [(f"{p}", p) for p in range(0, 101, 10)], True),
        *(
            (
                with_signs(scale.title),
                [(mark, (part - scale.low) * unit) for mark, part in scale.marks],
                scale.continuous,
            )
            for scale in scales
        ),
        ("Total points", [(f"{p}", 100 * p / total) for p in range(0, int(total) + 1, step)], True),
        (
            f"Probability of\n{outcome}",
            [(f"{p:g}", 100 * (float(logit(p)) - base) * unit / total) for p in reached],
            True,
        ),
    ]


def lay_out(figure: Figure, lines: Sequence[tuple[str, Ticks, bool]]) -> None:
    """Draws the lines; no label and no tick touches another.

    Args:
        figure: `PAGE` wide, with `ROW` for each row.
        lines: from the top.
    """
    axes = figure.subplots()
    heights = _heights(lines)
    axes.set(xlim=(-34, RIGHT), ylim=(-heights[-1] - 0.7, 0.7))
    axes.axis("off")
    for (title, ticks, thin), height in zip(lines, heights, strict=True):
        _line(axes, -height, title, ticks, thin)


def _heights(lines: Sequence[tuple[str, Ticks, bool]]) -> list[float]:
    """Of each line below the first, in rows: a line with labels beyond its nearest has more room."""
    heights, below = [0.0], 0.0
    for n, (_, ticks, thin) in enumerate(lines):
        levels = [tick.level for tick in _placed(ticks, thin)]
        above = max(0.0, max(levels) - NEAR)
        if n:
            heights.append(heights[-1] + 1 + above + below)
        below = max(0.0, -min(levels) - NEAR)
    return heights


class _Tick(NamedTuple):
    """A tick that is drawn: its label, its place, the middle of its label, and the label's rows above the line."""

    mark: str
    place: float
    middle: float
    level: float


def _placed(ticks: Ticks, thin: bool) -> list[_Tick]:
    """The ticks that are drawn: each label on the first level where it has room.

    Of a scale that may be thinned, a label without room beside the line is left out with its tick; the ends come first.
    On other scales ticks at one place share a label, and each has one.
    """
    ordered = sorted(ticks, key=lambda tick: tick[1])
    ordered = [*ordered[:1], *ordered[:0:-1][:1], *ordered[1:-1]] if thin else _joined(ordered)
    placed: list[_Tick] = []
    for mark, place in ordered:
        half = _width(mark) / 2
        middle = float(np.clip(place, LEFT + half, max(LEFT + half, RIGHT - half)))  # clear of the title and the edge
        near = {other.level for other in placed if abs(middle - other.middle) < half + _width(other.mark) / 2}
        level = next(level for level in _levels() if level not in near)
        apart = all(abs(place - other.place) >= APART for other in placed)
        if not thin or (apart and abs(level) == NEAR):
            placed.append(_Tick(mark, place, middle, level))
    return placed


def _levels() -> Iterator[float]:
    """Rows from a line to its labels: above, below, further above and so on."""
    return (side * (NEAR + FURTHER * beyond) for beyond in count() for side in (1, -1))


def _joined(ticks: Ticks) -> list[tuple[str, float]]:
    """Neighbours that are too close for two ticks as one: `N1, N2`."""
    joined: list[tuple[list[str], list[float]]] = []
    for mark, place in ticks:
        if joined and place - joined[-1][1][0] < APART:
            joined[-1][0].append(mark)
            joined[-1][1].append(place)
        else:
            joined.append(([mark], [place]))
    return [(", ".join(marks), float(np.mean(places))) for marks, places in joined]


def _width(label: str) -> float:
    """Of a label with the space around it, in points."""
    return 1.1 * sum(2 if east_asian_width(sign) in "WF" else 1 for sign in label) + 1.5


def _line(axes: Axes, height: float, title: str, ticks: Ticks, thin: bool) -> None:
    places = [place for _, place in ticks]
    rows = [row for part in title.splitlines() for row in wrap(part, TITLE)]
    axes.text(-33, height, "\n".join(rows), va="center", ha="left", fontsize=TEXT)
    axes.plot([min(places), max(places)], [height, height], color="black", linewidth=0.8)
    placed = _placed(ticks, thin)
    for mark, place, middle, level in placed:
        side = np.sign(level)
        nearer = [other for other in placed if 0 < other.level * side < abs(level)]
        crossed = any(abs(middle - other.middle) < _width(other.mark) / 2 for other in nearer)
        axes.plot([place, place], [height, height + 0.12 * side], color="black", linewidth=0.8)
        if nearer and not crossed:
            axes.plot([place, middle], [height, height + level - 0.03 * side], color="black", linewidth=0.3)
        axes.text(middle, height + level, mark, ha="center", va="bottom" if side > 0 else "top", fontsize=SMALL)
