"""The report of `npc explain`: occlusion maps on the anatomy, with the checks of whether they mean anything."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from npc.explain.occlusion import SHARES, Map
from npc.report.explain_words import CHECKED, CHECKS, FIGURE, METHODS, NO_PROOF, READING, Method, checks
from npc.report.kit.anatomy import show_anatomy
from npc.report.kit.figure import COLOURS, PAGE, drawing
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.page import Figure, Section, write_page

ROW = 48.0  # mm, of one patient


def write_report(folder: Path, title: str, run_key: str, found: Sequence[Map], method: str = "occlusion") -> None:
    """Writes `results.json`, `tables/maps.csv`, `figures/maps` and `report.html`.

    Args:
        folder: of the report.
        title: of the model.
        run_key: of the networks, by which the report of evaluate.py knows them.
        found: maps, in the order in which they are shown.
        method: by which they were made.
    """
    table = as_table(found)
    rows = table.astype(object).where(table.notna(), None)
    write_table(folder, "maps", table)
    draw(folder / FIGURE, found, METHODS[method])
    shown = Figure(folder / FIGURE, METHODS[method].caption)
    printed = pd.DataFrame({"Patient": table["patient_id"], **checks(table)})
    section = Section("Maps", [NO_PROOF, CHECKS], {"Maps": printed}, [shown], {"Maps": READING})
    write_page(folder / "report.html", f"Where the network looks: {title}", [section])
    # the last file: where it is, the report of evaluate.py takes the others as complete
    write_results(folder, {"run_key": run_key, "method": method, "maps": rows.to_dict("records")})


def as_table(found: Sequence[Map]) -> pd.DataFrame:
    """A row for each patient: `patient_id`, `risk`, `correlation_<check>`, and the risk with pixels hidden."""
    return pd.DataFrame(
        {
            "patient_id": of.patient,
            "risk": of.risk,
            **{f"correlation_{name}": check.correlation for name, check in of.checks.items()},
            **{f"hidden_{100 * share:.0f}": of.hidden[share] for share in SHARES},
            **{f"hidden_{100 * share:.0f}_at_random": of.hidden_at_random[share] for share in SHARES},
        }
        for of in found
    )


def draw(path: Path, found: Sequence[Map], method: Method) -> None:
    """A row for each patient.

    Args:
        path: without suffix.
        found: the maps.
        method: by which they were made.
    """
    names = list(found[0].checks)
    with drawing(path, width=PAGE, height=ROW * len(found)) as figure:
        grid = figure.subplots(len(found), 3 + len(names), squeeze=False)
        for panels, of in zip(grid, found, strict=True):
            anatomy, *maps, curve = panels
            show_anatomy(anatomy, of.anatomy, of.inside, of.millimetres)
            anatomy.set_title(f"{of.patient}, risk {of.risk:.3f}", loc="left")
            shown = {method.name: of.importance} | {CHECKED[name]: of.checks[name].importance for name in names}
            for axes, (title, values) in zip(maps, shown.items(), strict=True):
                show_anatomy(axes, of.anatomy, of.inside, of.millimetres)
                limit = float(np.nanmax(np.abs(values)))
                axes.set_title(title if limit else f"{title}:\n0 everywhere", loc="left")
                limit = limit or 1.0
                image = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, alpha=0.6, interpolation="nearest")
                label = method.unit if axes is maps[0] and of is found[-1] else ""  # of all of them
                bar = figure.colorbar(image, ax=axes, label=label, orientation="horizontal", shrink=0.8, pad=0.03)
                bar.set_ticks([0, limit], labels=["0", f"{limit:.2g}"])
            _deletion(curve, of)
        curve.set_xlabel("Pixels hidden (%)")
        figure.legend(*curve.get_legend_handles_labels(), loc="outside lower right", ncols=2)


def _deletion(axes: Axes, of: Map) -> None:
    """The risk by the share of the tumour's pixels that is hidden."""
    shares = [0.0, *(100 * share for share in SHARES)]
    for label, colour, marker, risks in (
        ("marked by the map", COLOURS[2], "o", of.hidden),
        ("drawn at random", COLOURS[1], "s", of.hidden_at_random),
    ):
        axes.plot(shares, [of.risk, *risks.values()], color=colour, marker=marker, markersize=3, label=label)
    axes.set_title("Risk with pixels hidden", loc="left")
    axes.set_ylabel("Risk")
