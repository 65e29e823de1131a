"""Report of the image consistency between hospitals: results, tables and figures, for `npc cohort quality`."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from omegaconf import DictConfig
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from npc.cohort.cohort import Cohort
from npc.config.values import hospitals
from npc.errors import InputError
from npc.imaging.input_settings import preprocess_settings
from npc.imaging.quality import Consistency, consistency, sides
from npc.imaging.slice_images import READINGS, read_slice_images
from npc.report.kit.figure import PAGE, SMALL, TEXT, drawing
from npc.report.kit.folder import write_results, write_table

SHOWN = 10  # least consistent patients whose images are shown
TITLES = {"unmasked": "Before masking", "masked": "After masking"}
NOTE = (
    "After masking, all that lies outside of the outlines is 0 in both images and counts as similar, so that reading "
    "flatters; before masking, anatomy and position count as well as image quality."
)


def report_quality(cohort: Cohort, config: DictConfig, folder: Path) -> dict[str, Any]:
    """Reads and compares the images, and writes the report folder.

    Args:
        cohort: outcomes are not needed.
        config: checked values of `cohort`, `split` and `preprocess`.
        folder: of this report.

    Returns:
        what `results.json` holds.

    Raises:
        InputError: one centre only, or faults of the images.
    """
    named = hospitals(config.split.development or config.cohort.development)
    if len(named) > 1:
        raise InputError(
            f"split.development={','.join(named)}: the images of one hospital are compared with those of all others; "
            "name one"
        )
    home, others = sides(cohort, named[0] if named else None)
    at_home = cohort.patients["centre"].astype(str) == home
    settings = preprocess_settings(config)
    images = read_slice_images(cohort, cohort.sequences, settings)
    results: dict[str, Any] = {
        "cohort": cohort.name,
        "development": home,
        "external": others,
        "threshold": config.cohort.mssim,
        "size": settings.size,
        "note": NOTE,
        "sequences": {},
    }
    rows, left_out = [], [cohort.exclusions]
    for sequence in cohort.sequences:
        mine = images[sequence]
        lacking = cohort.patients.index.difference(list(mine))
        left_out.append(pd.DataFrame({"patient_id": lacking, "reason": f"lacks {sequence}"}))
        n = {"development": sum(at_home[p] for p in mine), "external": sum(not at_home[p] for p in mine)}
        results["sequences"][sequence] = {"patients": {k: int(v) for k, v in n.items()}, "lacking": len(lacking)}
        found = consistency(mine, at_home, sequence)
        if found is None:
            results["sequences"][sequence]["not_estimable"] = "one side has no patient with this sequence"
            continue
        results["sequences"][sequence] |= found.summary(config.cohort.mssim)
        table = pd.DataFrame({"patient_id": found.development, "centre": home, "sequence": sequence})
        rows.append(table.assign(**{f"mssim_{reading}": found.mssim(reading).to_numpy() for reading in READINGS}))
        draw_pairs(folder / "figures" / f"pairs_{sequence}", found, config.cohort.mssim)
        draw_least_consistent(folder / "figures" / f"least_consistent_{sequence}", found, mine)
    columns = ["patient_id", "centre", "sequence", *(f"mssim_{reading}" for reading in READINGS)]
    write_table(folder, "mssim", pd.concat(rows) if rows else pd.DataFrame(columns=columns))
    write_table(folder, "exclusions", pd.concat(left_out))
    write_results(folder, results)
    return results


def quality_tables(results: dict[str, Any]) -> list[RenderableType]:
    """What `report_quality` found, for people."""
    threshold = results["threshold"]
    table = Table(
        title=f"{escape(results['cohort'])}: MSSIM of {escape(results['development'])} against "
        f"{escape(', '.join(results['external']))}",
        title_justify="left",
    )
    for i, heading in enumerate(("sequence", "masking", "patients", "lacking", f"≥ {threshold:g}", "median (range)")):
        table.add_column(heading, justify="left" if i < 2 else "right")
    for sequence, found in results["sequences"].items():
        counts = [" x ".join(str(n) for n in found["patients"].values()), str(found["lacking"])]
        if "not_estimable" in found:
            table.add_row(escape(sequence), found["not_estimable"], *counts)
            continue
        for reading in READINGS:
            of = found[reading]
            table.add_row(
                escape(sequence),
                "before" if reading == "unmasked" else "after",
                *counts,
                f"{of['at_or_above']} ({of['share']:.1%})",
                f"{of['median']:.3f} ({of['lowest']:.3f}-{of['highest']:.3f})",
            )
    return [table, Text(results["note"])]


def draw_pairs(path: Path, found: Consistency, threshold: float) -> None:
    """Heat map of the pairs, a panel a reading; the most consistent patients of both sides come first."""
    with drawing(path, width=PAGE, height=80) as figure:
        for axes, reading in zip(figure.subplots(1, 2), READINGS, strict=True):
            pairs, mssim = found.pairs[reading], found.mssim(reading).to_numpy()
            ordered = pairs[np.argsort(-mssim, kind="stable")][:, np.argsort(-pairs.mean(axis=0), kind="stable")]
            rows, columns = ordered.shape
            ranks = (0.5, columns + 0.5, rows + 0.5, 0.5)  # the first is 1
            image = axes.imshow(ordered, cmap="cividis", aspect="auto", interpolation="nearest", extent=ranks)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
            above = int((mssim >= threshold).sum())
            if 0 < above < len(mssim):
                axes.axhline(above + 0.5, color="white", linewidth=1, linestyle="--")
            axes.set_title(f"{TITLES[reading]}: {above} of {len(mssim)} with MSSIM ≥ {threshold:g}")
            axes.set_xlabel("External patients, by mean SSIM (rank)")
            axes.set_ylabel("Development patients, by MSSIM (rank)")
            figure.colorbar(image, ax=axes, label="SSIM of the pair")


def draw_least_consistent(path: Path, found: Consistency, images: dict[str, np.ndarray]) -> None:
    """The least consistent development patients by each reading, beside the external patient most like them all."""
    patients = min(SHOWN, len(found.mssim(READINGS[0])))
    rows, columns = (1, patients) if patients <= SHOWN // 2 else (2, SHOWN // 2)
    with drawing(path, width=PAGE, height=10 + 70 * rows) as figure:
        for i, (part, reading) in enumerate(zip(figure.subfigures(2, 1, squeeze=False)[:, 0], READINGS, strict=True)):
            part.suptitle(f"{TITLES[reading]}: least consistent development patients, with MSSIM", fontsize=TEXT)
            panels = part.subplots(rows, columns + 1, squeeze=False)
            for axes in panels.flat:
                axes.set_axis_off()
            like_all = found.pairs[reading].mean(axis=0)
            typical = found.external[int(np.argmax(like_all))]
            shown = [(panels[0, 0], typical, f"external {typical}\nmean SSIM {like_all.max():.3f}")]
            least = found.mssim(reading).sort_values(kind="stable").head(SHOWN)
            shown += [
                (axes, patient, f"{patient}\n{mssim:.3f}")
                for axes, (patient, mssim) in zip(
                    panels[:, 1:].flat, zip(least.index, least, strict=True), strict=False
                )
            ]
            for axes, patient, title in shown:
                axes.imshow(images[patient][i], cmap="gray", vmin=0, vmax=255)
                axes.set_title(title, fontsize=SMALL)
