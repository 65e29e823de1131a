"""The report of `npc explain`: occlusion maps on the anatomy, with the checks of whether they mean anything."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from npc.explain.occlusion import SHARES, Map
from npc.report.explain_words import CAPTION, CHECKS, FIGURE, NO_PROOF
from npc.report.kit.figure import PAGE, SMALL, drawing
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.page import Figure, Section, write_page

ROW = 58.0  # mm, of one patient
BAR = 10  # mm, of the scale bar


def write_report(folder: Path, title: str, run_key: str, found: Sequence[Map]) -> None:
    """Writes `results.json`, `tables/maps.csv`, `figures/maps` and `report.html`.

    Args:
        folder: of the report.
        title: of the model.
        run_key: of the networks, by which the report of evaluate.py knows them.
        found: maps, in the order in which they are shown.
    """
    table = as_table(found)
    rows = table.astype(object).where(table.notna(), None)
    write_results(folder, {"run_key": run_key, "maps": rows.to_dict("records")})
    write_table(folder, "maps", table)
    draw(folder / FIGURE, found)
    shown = Figure(folder / FIGURE, CAPTION)
    sections = [Section("Occlusion maps", [NO_PROOF, CHECKS], {"Checks": table.round(4)}, [shown])]
    write_page(folder / "report.html", f"Where the network looks: {title}", sections)


def as_table(found: Sequence[Map]) -> pd.DataFrame:
    """A row for each patient: `patient_id`, `risk`, `correlation_random_weights`, and the risk with pixels hidden."""
    return pd.DataFrame(
        {
            "patient_id": of.patient,
            "risk": of.risk,
            "correlation_random_weights": of.correlation,
            **{f"hidden_{100 * share:.0f}": of.hidden[share] for share in SHARES},
            **{f"hidden_{100 * share:.0f}_at_random": of.hidden_at_random[share] for share in SHARES},
        }
        for of in found
    )


def draw(path: Path, found: Sequence[Map]) -> None:
    """A row for each patient.

    Args:
        path: without suffix.
        found: the maps.
    """
    with drawing(path, width=PAGE, height=ROW * len(found)) as figure:
        grid = figure.subplots(len(found), 3, squeeze=False)
        for panels, of in zip(grid, found, strict=True):
            titles = (f"{of.patient}, risk {of.risk:.3f}", "Occlusion map", "Random weights")
            for axes, title, shown in zip(panels, titles, (None, of.importance, of.random_weights), strict=True):
                _anatomy(axes, of)
                axes.set_title(title, loc="left")
                if shown is None:
                    continue
                limit = max(float(np.nanmax(np.abs(shown))), 1e-12)
                image = axes.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit, alpha=0.6, interpolation="nearest")
                figure.colorbar(image, ax=axes, label="Risk minus risk\nwith the place hidden", shrink=0.8)


def _anatomy(axes: Axes, of: Map) -> None:
    """The surroundings of the tumour, its outline, and a scale bar."""
    rows, columns = np.nonzero(of.inside)
    half = 0.8 * max(np.ptp(rows), np.ptp(columns)) + 4
    y, x = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    axes.imshow(of.anatomy, cmap="gray", interpolation="nearest")
    line = axes.contour(of.inside, [0.5], colors=["#E69F00"], linewidths=0.9)
    line.set_path_effects([withStroke(linewidth=1.8, foreground="black", alpha=0.6)])
    length = BAR / of.millimetres
    left, bottom = x - 0.9 * half, y + 0.88 * half
    axes.plot([left, left + length], [bottom, bottom], color="white", linewidth=2)
    axes.text(left, bottom - 0.04 * half, f"{BAR} mm", color="white", va="bottom", fontsize=SMALL)
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half), xticks=[], yticks=[], facecolor="black")
    axes.spines[:].set_visible(False)
