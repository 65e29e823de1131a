"""The report on readers' agreement: measured, written to its folder, and given back as a dictionary."""

from pathlib import Path
from typing import Any

import pandas as pd

from npc.cohort.cohort import Cohort
from npc.config.schema import FeaturesConfig
from npc.imaging.readers import read_scans
from npc.names import COMPARISONS, READERS
from npc.radiomics.reproducibility import measure, outlined_again, reproducibility
from npc.report.cohort.agreement_figures import draw_icc, draw_outlines, draw_overlap
from npc.report.kit.folder import write_results, write_table

SHOWN = 3  # patients who agree least
MEASURES = ("dice", "hd95_mm", "area_difference_mm2", "area_difference")
DEFINITIONS = {
    "dice": "twice the voxels in common over the voxels of both outlines, whole volume",
    "hd95_mm": "larger of the 95th percentiles of the two directed distances between the surfaces, whole volume",
    "area_difference": "area of the second outline on its largest slice less that of the first reader's on its own, "
    "in mm2 and as a share of the first reader's",
    "icc21": "two-way random effects, absolute agreement, single measurement, with 95% interval; judged by threshold",
    "icc31": "two-way mixed effects, consistency, single measurement, with 95% interval",
}


def report(
    cohort: Cohort,
    folder: Path,
    *,
    slices: str,
    threshold: float,
    features: FeaturesConfig,
) -> dict[str, Any]:
    """Compares the outlines of a cohort's readers and writes the report folder.

    Args:
        cohort: patients may lack second outlines.
        folder: gets `results.json`, `tables/overlap.csv` (a row a patient), `tables/icc.csv` (a row a feature) and
            `figures/`: `overlap`, and for each sequence `icc_<sequence>` and `outlines_<sequence>`.
        slices: `max` or `three`.
        threshold: a feature with an ICC(2,1) above it is reproducible.
        features: which are compared, `radiomics.features`.

    Returns:
        what `results.json` holds.

    Raises:
        InputError: there are no second outlines, or images or outlines can't be used.
    """
    studies = outlined_again(cohort, cohort.sequences)
    overlap, values = measure(studies, slices, features)
    icc = reproducibility(values, threshold)
    results = summarise(cohort.name, slices, threshold, overlap, icc)

    figures = folder / "figures"
    draw_overlap(figures / "overlap", overlap)
    for sequence in results["sequences"]:
        of = icc[icc["sequence"] == sequence]
        if of["not_estimable"].isna().any():
            draw_icc(figures / f"icc_{sequence}", of, threshold)
        least = overlap[overlap["sequence"] == sequence].sort_values("dice").drop_duplicates("patient_id").head(SHOWN)
        by_patient = {study.patient: study for study in studies if study.sequence == sequence}
        shown = [
            (
                f"{row.patient_id}: Dice {row.dice:.2f}, {READERS[COMPARISONS[row.comparison]]}",
                read_scans(by_patient[row.patient_id]),
            )
            for row in least.itertuples()
        ]
        draw_outlines(figures / f"outlines_{sequence}", shown)
    write_table(folder, "overlap", overlap)
    write_table(folder, "icc", icc)
    write_results(folder, results)
    return results


def summarise(name: str, slices: str, threshold: float, overlap: pd.DataFrame, icc: pd.DataFrame) -> dict[str, Any]:
    """Every figure of the report, ready for JSON.

    Args:
        name: of the cohort.
        slices: `max` or `three`.
        threshold: a feature with an ICC(2,1) above it is reproducible.
        overlap: of `npc.radiomics.reproducibility.measure`.
        icc: of `npc.radiomics.reproducibility.reproducibility`.
    """
    sequences: dict[str, dict[str, Any]] = {}
    for (sequence, comparison), of in overlap.groupby(["sequence", "comparison"], sort=False):
        rows = icc[(icc["sequence"] == sequence) & (icc["comparison"] == comparison)]
        sequences.setdefault(str(sequence), {})[str(comparison)] = {
            "patients": len(of),
            **{measure: _spread(of[measure]) for measure in MEASURES},
            "same_slice": int(of["same_slice"].sum()),
            **_features(rows),
        }
    return {
        "cohort": name,
        "slices": slices,
        "threshold": threshold,
        "definitions": DEFINITIONS,
        "sequences": sequences,
    }


def _spread(values: pd.Series) -> dict[str, float]:
    quantiles = values.quantile([0.5, 0.25, 0.75, 0, 1])
    return dict(zip(("median", "q1", "q3", "min", "max"), map(float, quantiles), strict=True))


def _features(rows: pd.DataFrame) -> dict[str, Any]:
    """Each feature's ICC or why it has none, and how many are reproducible."""
    estimable = rows[rows["not_estimable"].isna()]
    above = estimable["above"].astype(bool)
    others = rows.dropna(subset="not_estimable")
    return {
        "icc": {
            row["feature"]: {
                kind: {"value": row[kind], "low": row[f"{kind}_low"], "high": row[f"{kind}_high"]}
                for kind in ("icc21", "icc31")
            }
            for row in estimable.to_dict("records")
        },
        "features": len(estimable),
        "above": int(above.sum()),
        "share_above": float(above.mean()) if len(above) else None,
        "below": estimable.loc[~above, "feature"].tolist(),
        "not_estimable": dict(zip(others["feature"], others["not_estimable"], strict=True)),
    }
