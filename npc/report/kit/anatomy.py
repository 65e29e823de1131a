"""The surroundings of a tumour with its outline and a scale bar, as maps and pages of patients show it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from npc.report.kit.figure import SMALL

BAR = 10  # mm, of the scale bar


def show_anatomy(axes: Axes, anatomy: np.ndarray, inside: np.ndarray, millimetres: float) -> None:
    """Draws them.

    Args:
        axes: without ticks afterwards.
        anatomy: grey levels, (row, column).
        inside: the outline, bool, of the same shape.
        millimetres: side of a pixel.
    """
    rows, columns = np.nonzero(inside)
    half = 0.8 * max(np.ptp(rows), np.ptp(columns)) + 4
    y, x = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    axes.imshow(anatomy, cmap="gray", interpolation="nearest")
    line = axes.contour(inside, [0.5], colors=["#E69F00"], linewidths=0.9)
    line.set_path_effects([withStroke(linewidth=1.8, foreground="black", alpha=0.6)])
    length = BAR / millimetres
    left, bottom = x - 0.9 * half, y + 0.88 * half
    axes.plot([left, left + length], [bottom, bottom], color="white", linewidth=2)
    axes.text(left, bottom - 0.04 * half, f"{BAR} mm", color="white", va="bottom", fontsize=SMALL)
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half), xticks=[], yticks=[], facecolor="black")
    axes.spines[:].set_visible(False)
