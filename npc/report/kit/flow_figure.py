"""The flow of patients as a diagram: a column in all and one for each centre, a row for each step."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from npc.cohort.flow import Flow, Step
from npc.report.kit.figure import COLUMN, PAGE, drawing

# mm
LABELS = 42.0  # width of the steps' names, at least
WIDEST, GAP = 34.0, 3.0  # of a centre's column, and between two
MARGIN = 1.0
LETTER, BOLD_LETTER = 1.5, 1.9  # on average; a Chinese character is twice as wide as a LETTER
LINE, PADDING, ROW_GAP = 3.3, 2.6, 3.4
STEM = 4.0  # from the left edge of a column to the line that goes down
SIDE = 3.0  # from that line to the boxes beside it
GREY = "0.93"
LINE_WIDTH = 0.6  # points


def draw_flow(path: Path, counts: Flow) -> None:
    """Saves `<path>.png` and `<path>.svg`.

    Args:
        path: without suffix.
        counts: what it shows.
    """
    headings = ["Total", *(centre.replace("_", " ") for centre in counts.centres)]
    width = COLUMN if len(headings) == 2 else PAGE
    column = min(WIDEST, (width - LABELS - MARGIN) / len(headings) - GAP)
    lefts = [width - MARGIN - (column + GAP) * k + GAP for k in range(len(headings), 0, -1)]
    titles = [_lines(heading, column, BOLD_LETTER) for heading in headings]
    labels = [_lines(_label(step), lefts[0] - GAP, LETTER) for step in counts.steps]

    head = PADDING + LINE * max(map(len, titles))
    heights = [PADDING + LINE * len(lines) for lines in labels]
    tops = [head + sum(heights[:k]) + ROW_GAP * k for k in range(len(heights))]
    height = tops[-1] + heights[-1] + MARGIN
    rows = [Row(step, top, tall) for step, top, tall in zip(counts.steps, tops, heights, strict=True)]
    with drawing(path, width=width, height=height) as figure:
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.axis("off")
        for row, lines in zip(rows, labels, strict=True):
            _write(axes, MARGIN, row.middle, "\n".join(lines), ha="left", weight=row.weight)
        for place, (left, title) in enumerate(zip(lefts, titles, strict=True)):
            _write(axes, left + column / 2, head / 2, "\n".join(title), weight="bold")
            _draw_column(axes, left, column, rows, place)


@dataclass(frozen=True)
class Row:
    """A step and where it stands: mm from the top."""

    step: Step
    top: float
    height: float

    @property
    def middle(self) -> float:
        """Of the box."""
        return self.top + self.height / 2

    @property
    def of_all(self) -> bool:
        """Whether it counts all patients that there are, not a part of them."""
        return self.step.kind in ("all", "analysed")

    @property
    def weight(self) -> str:
        """Of the letters."""
        return "bold" if self.of_all else "normal"


def _lines(text: str, width: float, letter: float) -> list[str]:
    """A text broken to a width in mm, by the width of a letter on average."""
    east_asian = cell_len(text) > len(text)
    lines = Text(text).wrap(Console(), int(width / (LETTER if east_asian else letter)))
    return [line.plain.strip() for line in lines] or [""]


def _label(step: Step) -> str:
    return f"Left out: {step.label}" if step.kind == "left out" else step.label


def _draw_column(axes: Axes, left: float, width: float, rows: list[Row], place: int) -> None:
    """Boxes of one column; a line goes down from each that counts all, and arrows from it to the parts beside it."""
    stem, beside = left + STEM, left + STEM + SIDE
    start = 0.0
    for row in rows:
        n = row.step.patients[place]
        if row.of_all:
            if start:
                _arrow(axes, (stem, start), (stem, row.top))
            _box(axes, left, row, width, f"n = {n}", "white")
            start = row.top + row.height
        elif n:
            if row.step.kind == "split":
                axes.plot([stem, stem], [start, row.middle], color="black", linewidth=LINE_WIDTH)
            _arrow(axes, (stem, row.middle), (beside, row.middle))
            _box(axes, beside, row, left + width - beside, str(n), GREY if row.step.kind == "left out" else "white")
        elif row.step.kind == "left out":
            _write(axes, (beside + left + width) / 2, row.middle, "0", color="0.4")


def _box(axes: Axes, left: float, row: Row, width: float, text: str, colour: str) -> None:
    axes.add_patch(Rectangle((left, row.top), width, row.height, fc=colour, ec="black", lw=LINE_WIDTH))
    _write(axes, left + width / 2, row.middle, text, weight=row.weight)


def _write(axes: Axes, x: float, y: float, text: str, ha: str = "center", **style: Any) -> None:
    axes.text(x, y, text, ha=ha, va="center", **style)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    head = {"arrowstyle": "-|>,head_width=0.12,head_length=0.25", "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops={**head, "linewidth": LINE_WIDTH, "facecolor": "black"})
