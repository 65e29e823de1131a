"""Figures on readers' agreement: overlap of outlines, ICC of features, and the patients who agree least."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from npc.imaging.readers import Scan
from npc.imaging.slices import largest_slice
from npc.names import COMPARISONS, READERS
from npc.report.cohort.agreement_tables import short
from npc.report.kit.figure import COLOURS, COLUMN, PAGE, SMALL, drawing

# On grey images; the dashes differ, too.
_LINES: dict[str, tuple[str, Any]] = {
    "reader1": ("#E69F00", "-"),
    "reader1b": ("#56B4E9", (0, (4, 1.5))),
    "reader2": ("#FFFFFF", (0, (1.2, 1))),
}
_SERIES = {"intra": (COLOURS[1], "s", 0.17), "inter": (COLOURS[0], "o", -0.17)}  # colour, marker, offset

NAMED = 60  # features that a figure has room to name


def draw_overlap(path: Path, overlap: pd.DataFrame) -> None:
    """Dice and 95% Hausdorff distance of every patient over the box of median and quartiles.

    Args:
        path: without suffix.
        overlap: of `npc.radiomics.reproducibility.measure`.
    """
    groups = {
        f"{sequence}\n{fill(_title(kind), 12)}": of  # side by side in half a column, longer lines would overlap
        for (sequence, kind), of in overlap.groupby(["sequence", "comparison"], sort=False)
    }
    wide = len(groups) > 2
    with drawing(path, width=PAGE if wide else COLUMN, height=60) as figure:
        panels = figure.subplots(1, 2)
        for axes, column, label in zip(
            panels, ("dice", "hd95_mm"), ("Dice coefficient", "95% Hausdorff distance (mm)"), strict=True
        ):
            axes.boxplot([of[column] for of in groups.values()], widths=0.5, showfliers=False, whis=0, showcaps=False,
                         medianprops={"color": COLOURS[2], "linewidth": 1.5}, boxprops={"linewidth": 0.6})  # fmt: skip
            for place, of in enumerate(groups.values(), start=1):
                spread = np.linspace(-0.18, 0.18, len(of)) if len(of) > 1 else np.zeros(1)
                across = spread[np.random.default_rng(0).permutation(len(of))]
                axes.plot(place + across, of[column], ".", color=COLOURS[1], ms=5, mew=0, alpha=0.6, zorder=3)
            axes.set_xticks(range(1, len(groups) + 1), list(groups))
            axes.set_ylabel(label)
        panels[0].set_ylim(top=1.01)
        panels[1].set_ylim(bottom=0)


def draw_icc(path: Path, icc: pd.DataFrame, threshold: float) -> None:
    """ICC(2,1) with 95% interval of each feature, the largest at the top, and the threshold.

    Args:
        path: without suffix.
        icc: of one sequence, of `npc.radiomics.reproducibility.reproducibility`; features without ICC are left out.
        threshold: drawn as a line.
    """
    known = icc[icc["not_estimable"].isna()]
    if known["feature"].nunique() > NAMED:
        return _draw_by_image(path, known, threshold)
    leading = known["comparison"].iloc[-1]  # between readers, where there are second readers
    order = known[known["comparison"] == leading].sort_values("icc21")["feature"]
    order = [*known.loc[~known["feature"].isin(order), "feature"].unique(), *order]
    places = {feature: place for place, feature in enumerate(order)}
    with drawing(path, width=PAGE, height=22 + 4.2 * len(order)) as figure:
        axes = figure.subplots()
        for comparison, of in known.groupby("comparison", sort=False):
            colour, marker, offset = _SERIES[str(comparison)]
            at = of["feature"].map(places) + (offset if known["comparison"].nunique() > 1 else 0)
            axes.hlines(at, of["icc21_low"], of["icc21_high"], color=colour, linewidth=0.8)
            label = f"{_title(comparison)} (n = {of['patients'].iloc[0]})"
            axes.plot(of["icc21"], at, marker, color=colour, ms=3, label=label)
        axes.axvline(
            threshold, color=COLOURS[2], linestyle="--", linewidth=0.8, zorder=1, label=f"threshold {threshold:g}"
        )
        axes.set_yticks(range(len(order)), list(map(short, order)))
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.7, len(order) - 0.3)
        axes.set_xlim(right=1.02)
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="y", linewidth=0.3, color="0.85")
        axes.set_axisbelow(True)
        axes.set_xlabel("ICC(2,1) with 95% interval")
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1, handletextpad=0.4)


def _draw_by_image(path: Path, known: pd.DataFrame, threshold: float) -> None:
    """A row a filtered image, a dot a feature: too many to name each."""
    image = known["feature"].str.partition("_")[0]
    rows = list(dict.fromkeys(image))[::-1]
    several = known["comparison"].nunique() > 1
    with drawing(path, width=PAGE, height=30 + 6.5 * len(rows)) as figure:
        axes = figure.subplots()
        for comparison, of in known.groupby("comparison", sort=False):
            colour, marker, offset = _SERIES[str(comparison)]
            at = image[of.index].map(rows.index) + (1.2 * offset if several else 0)
            label = f"{_title(comparison)} (n = {of['patients'].iloc[0]})"
            axes.plot(of["icc21"], at, marker, color=colour, ms=2, alpha=0.35, mew=0, label=label)
            share = of["above"].astype(bool).groupby(image[of.index]).mean()
            for name, above in share.items():
                place = rows.index(name) + (1.2 * offset if several else 0)
                axes.text(1.04, place, f"{above:.0%}", color=colour, va="center", fontsize=SMALL)
        axes.axvline(threshold, color=COLOURS[2], linestyle="--", linewidth=0.8, label=f"threshold {threshold:g}")
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(min(0.0, float(known["icc21"].min())) - 0.02, 1.02)
        axes.set_xlabel("ICC(2,1) of each feature; at the right the share above the threshold")
        legend = figure.legend(loc="outside upper center", ncols=3, columnspacing=1, handletextpad=0.4)
        for handle in filter(None, legend.legend_handles):
            handle.set_alpha(1)


def draw_outlines(path: Path, shown: Sequence[tuple[str, dict[str, Scan]]]) -> None:
    """Patients side by side: all readers' outlines on the first reader's largest slice.

    Args:
        path: without suffix.
        shown: title and scans by reader, `reader1` first.
    """
    with drawing(path, width=PAGE, height=72) as figure:
        panels = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, (title, scans) in zip(panels, shown, strict=True):
            _draw_patient(axes, scans)
            axes.set_title(title)
        readers = dict.fromkeys(reader for _, scans in shown for reader in scans)
        lines = [Line2D([], [], color=_LINES[reader][0], linestyle=_LINES[reader][1], label=READERS[reader])
                 for reader in readers]  # fmt: skip
        figure.legend(handles=lines, loc="outside lower center", ncols=3, labelcolor="white", facecolor="0.3",
                      frameon=True, handlelength=3)  # fmt: skip


def _draw_patient(axes: Axes, scans: dict[str, Scan]) -> None:
    """A square around all outlines, in mm."""
    first = next(iter(scans.values()))
    at = largest_slice(first.mask)
    _, height, width = first.spacing
    rows, columns = np.nonzero(np.any([scan.mask[at] for scan in scans.values()], axis=0))
    y, x = (rows.min() + rows.max() + 1) / 2 * height, (columns.min() + columns.max() + 1) / 2 * width
    half = 0.7 * max((np.ptp(rows) + 1) * height, (np.ptp(columns) + 1) * width) + 3
    shown = [slice(max(int((middle - half) / step), 0), int((middle + half) / step) + 1)
             for middle, step in ((y, height), (x, width))]  # fmt: skip
    plane = first.image[at]
    low, high = np.nanpercentile(np.where(np.isfinite(plane), plane, np.nan)[tuple(shown)], [1, 99])
    extent = (0, plane.shape[1] * width, plane.shape[0] * height, 0)
    axes.imshow(plane, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="nearest")
    absent = []
    for reader, scan in scans.items():
        colour, dash = _LINES[reader]
        inside = np.pad(scan.mask[at], 1)  # closes an outline that touches the border
        if not inside.any():
            absent.append(READERS[reader])
            continue
        grid = [(np.arange(size) - 0.5) * step for size, step in zip(inside.shape, (height, width), strict=True)]
        line = axes.contour(grid[1], grid[0], inside, [0.5], colors=[colour], linestyles=[dash], linewidths=1.2)
        line.set_path_effects([withStroke(linewidth=2.0, foreground="black", alpha=0.6)])
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half), xticks=[], yticks=[], facecolor="black")
    axes.spines[:].set_visible(False)
    if absent:
        axes.set_xlabel(f"Nothing on this slice: {', '.join(absent)}")


def _title(comparison: object) -> str:
    return READERS[COMPARISONS[str(comparison)]]
