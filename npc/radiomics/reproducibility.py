"""What changes when a tumour is outlined again: overlap of the outlines, and the ICC of each feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from rich.progress import track

from npc.cohort.cohort import Cohort
from npc.config import Features
from npc.errors import InputError
from npc.imaging.agreement import dice, hausdorff95, largest_area
from npc.imaging.readers import Study, read_studies
from npc.imaging.slices import largest_slice
from npc.names import COMPARISONS, FIRST_READER
from npc.radiomics.features import features
from npc.statistics import NotEstimable
from npc.statistics.icc import absolute_agreement, icc

SAME = "the same in all outlines"
ROUNDING = 1e-9  # two values are the same if they differ by less than this share of the largest
COLUMNS = [
    *("sequence", "comparison", "feature", "patients"),
    *(f"{kind}{end}" for kind in ("icc21", "icc31") for end in ("", "_low", "_high")),
    *("above", "not_estimable"),
]


@dataclass(frozen=True)
class Case:
    """One sequence of a patient with the outlines of several readers.

    Attributes:
        sequence: its name.
        patient: `patient_id`.
        image: its path.
        masks: path by reader: `reader1`, then `reader1b`, `reader2` or both.
        by_index: as the cohort's.
    """

    sequence: str
    patient: str
    image: Path
    masks: dict[str, Path]
    by_index: bool = False


def cases(cohort: Cohort, sequences: Sequence[str]) -> list[Case]:
    """The patients with second outlines, by sequence.

    Raises:
        InputError: there are none, or of a patient without image.
    """
    found, faults = [], []
    for sequence in sequences:
        for patient, row in cohort.patients.iterrows():
            columns = {reader: f"{sequence}_mask_{reader}" for reader in COMPARISONS.values()}
            again = {reader: row[name] for reader, name in columns.items() if name in row and pd.notna(row[name])}
            if not again:
                continue
            image, mask = row.get(f"{sequence}_image"), row.get(f"{sequence}_mask")
            if pd.isna(image):
                named = " and ".join(columns[reader] for reader in again)
                faults.append(f"patient {patient}: {named} without {sequence}_image; give the image or no outline")
                continue
            masks = {reader: cohort.root / path for reader, path in {FIRST_READER: mask, **again}.items()}
            found.append(Case(sequence, str(patient), cohort.root / image, masks, cohort.by_index))
    if faults:
        raise InputError(faults)
    if not found:
        raise InputError(
            f"cohort {cohort.name}: no patient has a second outline; name them in the table's columns "
            f"{sequences[0]}_mask_reader1b (the first reader again) or {sequences[0]}_mask_reader2 (another reader)"
        )
    return found


def measure(
    cases: Sequence[Case], slices: str, label: int | None, roi: dict[str, str], settings: Features
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reads each image once and compares its outlines.

    Args:
        cases: of `cases`.
        slices: `max` or `three`, as of the networks; features are taken on each outline's own slices.
        label: value of the outline in a mask; None for any non-zero.
        roi: name of the outline in an RTSTRUCT, by sequence.
        settings: `radiomics.features`.

    Returns:
        overlap, a row for each case and comparison: `sequence`, `comparison`, `patient_id`, `dice`, `hd95_mm`,
        `area_mm2` (of the first reader), `area_difference_mm2` (the other's less the first's), `area_difference`
        (as a share of the first's), `same_slice` (both outlines are largest on the same slice); and features, a row
        for each outline: `sequence`, `patient_id`, `reader` and the features, missing where not defined.

    Raises:
        InputError: faults of all images and outlines.
    """
    work = Parallel(n_jobs=-1, return_as="generator", mmap_mode=None)(
        delayed(_measure)(case, slices, label, roi.get(case.sequence), settings) for case in cases
    )
    overlap: list[dict] = []
    outlines: list[dict] = []
    faults: list[str] = []
    for found in track(work, "Comparing outlines", len(cases), transient=True):
        if isinstance(found, InputError):
            faults += found.faults
        else:
            overlap += found[0]
            outlines += found[1]
    if faults:
        raise InputError(faults)
    values = pd.DataFrame(outlines)
    names = values.columns[3:]
    return pd.DataFrame(overlap), values.astype(dict.fromkeys(names, float))


def reproducibility(values: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """ICC of each feature, within the first reader and between readers, over the patients who have both outlines.

    Args:
        values: features by outline, of `measure`.
        threshold: of the ICC(2,1), which asks that the values agree, not only that they rank alike as ICC(3,1) does;
            a feature above it is reproducible.

    Returns:
        a row for each sequence, comparison and feature: `patients`, `icc21` and `icc31` with `_low` and `_high` (95%),
        `above`; or the reason in `not_estimable`.
    """
    rows = []
    for sequence, of in values.groupby("sequence", sort=False):
        by_reader = {reader: group.set_index("patient_id").iloc[:, 2:] for reader, group in of.groupby("reader")}
        for comparison, reader in COMPARISONS.items():
            if reader not in by_reader:
                continue
            second = by_reader[reader]
            first = by_reader[FIRST_READER].loc[second.index]
            for name in second:
                ratings = np.column_stack([first[name], second[name]])
                key = {"sequence": sequence, "comparison": comparison, "feature": name, "patients": len(ratings)}
                rows.append(key | _agreement(ratings, threshold))
    return pd.DataFrame(rows, columns=COLUMNS)


def lowest_icc(values: pd.DataFrame) -> pd.Series:
    """The lower of the ICC(2,1) within and between readers, by feature.

    Args:
        values: features by outline of one sequence: `patient_id`, `reader` and the features; of `reader1` and of other
            readers.

    Returns:
        missing where a feature is not defined for every outline; 1 where it is the same in all; empty where fewer than
        two patients were outlined again.
    """
    by_reader = {
        str(reader): of.set_index("patient_id").drop(columns="reader") for reader, of in values.groupby("reader")
    }
    found = []
    for reader in COMPARISONS.values():
        if len(second := by_reader.get(reader, pd.DataFrame())) >= 2:
            ratings = np.stack([by_reader[FIRST_READER].loc[second.index], second], axis=1).astype(float)
            same = np.ptp(ratings, axis=(0, 1)) <= ROUNDING * np.abs(ratings).max(axis=(0, 1))
            found.append(np.where(same, 1.0, absolute_agreement(ratings)))
    if not found:
        return pd.Series(dtype=float)
    return pd.Series(np.min(found, axis=0), values.columns.drop(["patient_id", "reader"]))


def _agreement(ratings: np.ndarray, threshold: float) -> dict:
    """ICC of one feature, ratings (patients, 2), or why there is none."""
    if undefined := int(np.isnan(ratings).any(axis=1).sum()):
        return {"not_estimable": f"not defined in {undefined} of {len(ratings)} patients"}
    if len(ratings) < 2:
        return {"not_estimable": "fewer than 2 patients"}
    if np.ptp(ratings) <= ROUNDING * np.abs(ratings).max():
        return {"not_estimable": SAME}
    try:
        absolute, consistency = icc(ratings)
    except NotEstimable as error:
        return {"not_estimable": str(error)}
    row: dict = {"above": absolute.estimate > threshold, "not_estimable": None}
    for kind, found in (("icc21", absolute), ("icc31", consistency)):
        row |= {kind: found.estimate, f"{kind}_low": found.ci[0], f"{kind}_high": found.ci[1]}
    return row


def _measure(
    case: Case, slices: str, label: int | None, roi: str | None, settings: Features
) -> tuple[list[dict], list[dict]] | InputError:
    """Runs in a worker process; a fault comes back as a value so that all are told at once."""
    try:
        read = read_studies(case.image, list(case.masks.values()), label=label, roi=roi, by_index=case.by_index)
    except InputError as error:
        return error
    try:
        found = features(read, settings, [slices])
    except InputError as error:
        return InputError([f"patient {case.patient} ({case.sequence}): {fault}" for fault in error.faults])
    studies = dict(zip(case.masks, read, strict=True))
    key = {"sequence": case.sequence, "patient_id": case.patient}
    overlap = [
        {"sequence": case.sequence, "comparison": comparison, "patient_id": case.patient}
        | _overlap(studies[FIRST_READER], studies[reader])
        for comparison, reader in COMPARISONS.items()
        if reader in studies
    ]
    return overlap, [key | {"reader": reader} | values[slices] for reader, values in zip(studies, found, strict=True)]


def _overlap(first: Study, second: Study) -> dict:
    areas = [largest_area(study.mask, study.spacing) for study in (first, second)]
    return {
        "dice": dice(first.mask, second.mask),
        "hd95_mm": hausdorff95(first.mask, second.mask, first.spacing),
        "area_mm2": areas[0],
        "area_difference_mm2": areas[1] - areas[0],
        "area_difference": areas[1] / areas[0] - 1,
        "same_slice": largest_slice(first.mask) == largest_slice(second.mask),
    }
