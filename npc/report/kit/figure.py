"""Figures as a journal wants them: sized for its columns, PNG at 300 dpi and SVG, the same bytes each time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from npc.errors import InputError
from npc.files import make_folder
from npc.report.kit.fonts import FAMILY, fit

COLUMN, PAGE = 85.0, 178.0  # mm, of one column and of both
TEXT, SMALL = 8.0, 7.0  # points; small: ticks, legends and numbers that stand close
# Okabe and Ito, 2008: distinct to the colour-blind; the order also runs from dark to light, for print in grey.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_STYLE: Any = {
    "font.family": FAMILY,
    "text.parse_math": False,  # a name may hold a dollar sign
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 1.2,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "figure.dpi": 300,
    "svg.hashsalt": "npc",
    "svg.fonttype": "none",  # text as text, which a journal can set anew and a reader can search
}


@contextmanager
def drawing(path: Path, *, width: float, height: float) -> Iterator[Figure]:
    """A figure to draw on, saved as `<path>.png` and `<path>.svg` in the end.

    Names in any script are drawn, or numbered in the file's description (`npc.report.kit.fonts`).

    Args:
        path: without suffix; its folder is made.
        width: mm; `COLUMN` or `PAGE`.
        height: mm.
    """
    make_folder(path.parent)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width / 25.4, height / 25.4), layout="constrained")
        yield figure
        numbered = fit(figure)
        if figure.axes and (engine := figure.get_layout_engine()):
            engine.execute(figure)  # once for both files: it takes as long as drawing
            figure.set_layout_engine("none")
        description = {"Description": numbered} if numbered else {}
        # each canvas draws once; `savefig` would draw twice, the first time for a layout that is done already
        writers: dict[str, tuple[Callable[..., object], dict[str, None]]] = {
            ".png": (FigureCanvasAgg(figure).print_png, {"Software": None}),
            ".svg": (FigureCanvasSVG(figure).print_svg, {"Date": None}),
        }
        for suffix, (write, metadata) in writers.items():
            part = path.with_name(f".{path.name}.part{suffix}")
            try:
                write(part, metadata=metadata | description)
                part.replace(path.with_name(path.name + suffix))
            except OSError as error:
                raise InputError(
                    f"{path}{suffix} can't be written: {error.strerror}; free space there, or choose another folder"
                ) from error
            finally:
                part.unlink(missing_ok=True)
