"""Reproducibility of outlines: the overlap of repeated outlines of a tumour, and the ICC of each feature."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study, image_column, outline_column
from npc.config.method_schema import FeaturesConfig
from npc.errors import InputError
from npc.imaging.agreement import dice, hausdorff95, largest_area
from npc.imaging.read_all import read_all
from npc.imaging.readers import Scan, read_scans
from npc.imaging.slices import largest_slice
from npc.names import COMPARISONS, FIRST_READER, OTHER_READERS, READERS
from npc.radiomics.features import features
from npc.statistics import NotEstimable
from npc.statistics.icc import absolute_agreement, icc

SAME = "the same in all outlines"
ROUNDING = 1e-9  # values are the same if their difference, relative to the largest, is not more than this
COLUMNS = [
    *("sequence", "comparison", "feature", "patients"),
    *(f"{kind}{end}" for kind in ("icc21", "icc31") for end in ("", "_low", "_high")),
    *("above", "not_estimable"),
]


def outlined_again(cohort: Cohort, sequences: Sequence[str]) -> list[Study]:
    """The patients with second outlines, by sequence.

    Raises:
        InputError: there are no second outlines, or one of a patient without an image.
    """
    faults = [fault for sequence in sequences for fault in _without_image(cohort, sequence)]
    if faults:
        raise InputError(faults)
    studies = [study for sequence in sequences for study in cohort.studies(sequence, tuple(READERS))]
    if found := [study for study in studies if len(study.outlines) > 1]:
        return found
    again, other = (outline_column(sequences[0], reader) for reader in OTHER_READERS)
    raise InputError(
        f"cohort {cohort.name}: no patient has a second outline; give the files in the table's columns "
        f"{again} (the first reader again) or {other} (another reader)"
    )


def _without_image(cohort: Cohort, sequence: str) -> Iterator[str]:
    image = image_column(sequence)
    outlines = [outline_column(sequence, reader) for reader in OTHER_READERS]
    for patient, row in cohort.patients.iterrows():
        named = " and ".join(column for column in outlines if pd.notna(row.get(column)))
        if named and pd.isna(row.get(image)):
            yield f"patient {patient}: {named} without {image}; give the image, or remove the outline"


def measure(studies: Sequence[Study], slices: str, settings: FeaturesConfig) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reads each image once and compares its outlines.

    Args:
        studies: of `outlined_again`.
        slices: `max` or `three`, as for the networks; features are computed on each outline's own slices.
        settings: `radiomics.features`.

    Returns:
        overlap, a row for each study and comparison: `sequence`, `comparison`, `patient_id`, `dice`, `hd95_mm`,
        `area_mm2` (of the first reader), `area_difference_mm2` (the other outline minus the first), `area_difference`
        (as a proportion of the first), `same_slice` (both outlines are largest on the same slice); and features, a row
        for each outline: `sequence`, `patient_id`, `reader` and the features, missing where not defined.

    Raises:
        InputError: faults of all images and outlines.
    """
    overlap: list[dict] = []
    outlines: list[dict] = []
    faults: list[str] = []
    compare = partial(_compare, slices=slices, settings=settings)
    for _, (compared, values) in read_all(studies, compare, "Comparing outlines", faults):
        overlap += compared
        outlines += values
    if faults:
        raise InputError(faults)
    if not overlap:
        raise InputError("region: no second outline has it, so there is nothing to compare; choose another region")
    table = pd.DataFrame(outlines)
    return pd.DataFrame(overlap), table.astype(dict.fromkeys(table.columns[3:], float))


def reproducibility(values: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """ICC of each feature, within the first reader and between readers, over the patients who have both outlines.

    Args:
        values: features by outline, from `measure`.
        threshold: a feature whose ICC(2,1) is above it is reproducible; ICC(2,1) measures absolute agreement, ICC(3,1)
            consistency only.

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
        values: features by outline of one sequence, of `reader1` and of other readers: `patient_id`, `reader` and the
            features.

    Returns:
        missing where a feature is not defined for every outline; 1 where it is the same in all; empty if fewer than two
        patients have second outlines.
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


def _compare(study: Study, slices: str, settings: FeaturesConfig) -> tuple[list[dict], list[dict]]:
    """The rows of `measure` for one study: overlap by comparison, features by outline."""
    outlined = read_scans(replace(study, may_lack=bool(study.rois)))
    scans = {reader: scan for reader, scan in outlined.items() if scan.mask.any()}
    if len(scans) < 2:  # a reader whose outline lacks the region has not outlined the patient again
        return [], []
    found = features(list(scans.values()), settings, [slices])
    overlap = [
        {"sequence": study.sequence, "comparison": comparison, "patient_id": study.patient}
        | _overlap(scans[FIRST_READER], scans[reader])
        for comparison, reader in COMPARISONS.items()
        if reader in scans
    ]
    key = {"sequence": study.sequence, "patient_id": study.patient}
    return overlap, [key | {"reader": reader} | values[slices] for reader, values in zip(scans, found, strict=True)]


def _overlap(first: Scan, second: Scan) -> dict:
    areas = [largest_area(scan.mask, scan.spacing) for scan in (first, second)]
    return {
        "dice": dice(first.mask, second.mask),
        "hd95_mm": hausdorff95(first.mask, second.mask, first.spacing),
        "area_mm2": areas[0],
        "area_difference_mm2": areas[1] - areas[0],
        "area_difference": areas[1] / areas[0] - 1,
        "same_slice": largest_slice(first.mask) == largest_slice(second.mask),
    }
