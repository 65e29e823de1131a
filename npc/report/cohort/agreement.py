"""The report on readers' agreement: measured, and written to its folder."""

from dataclasses import replace
from pathlib import Path

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.config.method_schema import FeaturesConfig
from npc.imaging.readers import Scan, read_scans
from npc.names import COMPARISONS, READERS
from npc.radiomics.reproducibility import measure, outlined_again, reproducibility
from npc.report.cohort.agreement_figures import draw_icc, draw_outlines, draw_overlap
from npc.report.cohort.agreement_results import as_json
from npc.report.cohort.agreement_summary import Agreement, summarise
from npc.report.kit.folder import write_results, write_table

SHOWN = 3  # patients who agree least


def report(
    cohort: Cohort,
    folder: Path,
    *,
    slices: str,
    threshold: float,
    features: FeaturesConfig,
) -> Agreement:
    """Compares the outlines of a cohort's readers and writes the report folder.

    Args:
        cohort: patients may lack second outlines.
        folder: gets `results.json`, `tables/overlap.csv` (a row a patient), `tables/icc.csv` (a row a feature) and
            `figures/`: `overlap`, and for each sequence `icc_<sequence>` and `outlines_<sequence>`.
        slices: `max` or `three`.
        threshold: a feature with an ICC(2,1) above it is reproducible.
        features: which are compared, `radiomics.features`.

    Returns:
        what was found; `npc.report.cohort.agreement_results.as_json` gives what `results.json` holds.

    Raises:
        InputError: there are no second outlines, or images or outlines can't be used.
    """
    studies = outlined_again(cohort, cohort.sequences)
    overlap, values = measure(studies, slices, features)
    icc = reproducibility(values, threshold)
    found = summarise(cohort.name, slices, threshold, overlap, icc)

    figures = folder / "figures"
    draw_overlap(figures / "overlap", overlap)
    for sequence in found.sequences:
        of = icc[icc["sequence"] == sequence]
        if of["not_estimable"].isna().any():
            draw_icc(figures / f"icc_{sequence}", of, threshold)
        least = overlap[overlap["sequence"] == sequence].sort_values("dice").drop_duplicates("patient_id").head(SHOWN)
        by_patient = {study.patient: study for study in studies if study.sequence == sequence}
        shown = [
            (
                f"{row.patient_id}: Dice {row.dice:.2f}, {READERS[COMPARISONS[str(row.comparison)]]}",
                _outlined(by_patient[str(row.patient_id)]),
            )
            for row in least.itertuples()
        ]
        draw_outlines(figures / f"outlines_{sequence}", shown)
    write_table(folder, "overlap", overlap)
    write_table(folder, "icc", icc)
    write_results(folder, as_json(found))
    return found


def _outlined(study: Study) -> dict[str, Scan]:
    """By reader, without a reader whose outline lacks the region."""
    scans = read_scans(replace(study, may_lack=bool(study.rois)))
    return {reader: scan for reader, scan in scans.items() if scan.mask.any()}
