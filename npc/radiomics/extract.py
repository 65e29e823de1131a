"""Radiomic features of a cohort: of every outline in both slice modes, each worked out once and kept.

The store holds a file an outline, `features-<sequence>-<settings>/<content>.json`, named by a hash of what image and
outline contain: another image, outline or setting gets another file.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from rich.progress import track

from npc.cohort.cohort import Cohort
from npc.config import Features
from npc.errors import InputError
from npc.files import make_folder, write_text
from npc.imaging.content import content_keys, digest
from npc.imaging.readers import read_studies
from npc.names import FIRST_READER, OTHER_READERS
from npc.radiomics.features import MODES, features

log = logging.getLogger(__name__)
RECIPE = 1  # raise it when the same input and settings give other values


@dataclass(frozen=True)
class Extracted:
    """Features of one sequence.

    Attributes:
        by_reader: (patients, features) by reader and slice mode; missing where not defined.
        failures: why a patient has none.
        hash: of the patients, their images' and outlines' content and the settings.
    """

    by_reader: Mapping[str, Mapping[str, pd.DataFrame]]
    failures: Mapping[str, str]
    hash: str

    @property
    def features(self) -> Mapping[str, pd.DataFrame]:
        """Of the first reader's outlines, by slice mode."""
        return self.by_reader[FIRST_READER]

    def outlines(self, slices: str, patients: pd.Index) -> pd.DataFrame:
        """Of those patients who were outlined again, a row an outline: `patient_id`, `reader` and the features."""
        tables = {reader: of[slices].loc[of[slices].index.isin(patients)] for reader, of in self.by_reader.items()}
        again = sorted(set().union(*(table.index for reader, table in tables.items() if reader != FIRST_READER)))
        tables[FIRST_READER] = tables[FIRST_READER].loc[tables[FIRST_READER].index.isin(again)]
        return pd.concat(tables, names=["reader", "patient_id"]).reset_index()


def extract(
    cohort: Cohort, sequence: str, settings: Features, *, store: str | Path, label: int | None = None,
    roi: str | None = None, missing: str = "error",
) -> Extracted:  # fmt: skip
    """The features of a cohort's sequence, worked out where they are not in the store yet.

    Args:
        cohort: every patient has the sequence.
        sequence: whose images and outlines are read.
        settings: `radiomics.features`.
        store: folder of all stores.
        label: value of the outline in a mask; None for any non-zero.
        roi: name of the outline in an RTSTRUCT; None if it is the only one.
        missing: `exclude` tells in `failures` which patients can't be used, and why; `error` stops.

    Raises:
        InputError: faults of images and outlines, of all patients at once.
    """
    settings_hash = digest(json.dumps(
        [RECIPE, version("pyradiomics"), asdict(settings), label, roi, cohort.by_index], sort_keys=True
    ))  # fmt: skip
    home = Path(store) / f"features-{sequence}-{settings_hash[:12]}"
    make_folder(home)
    outlines = _outlines(cohort, sequence)
    keys, faults = content_keys(
        Path(store) / "fingerprints.json", {f"{p}/{r}": pair for (p, r), pair in outlines.items()}
    )
    if faults:
        raise InputError(faults)
    files = {outline: home / f"{keys['/'.join(outline)]}.json" for outline in outlines}
    failures = _work_out(cohort, sequence, settings, outlines, files, label, roi)
    if failures and missing == "error":
        told = [f"patient {patient}: {reason}" for (patient, _), reason in failures.items()]
        raise InputError(
            [*told, "radiomics.missing=exclude leaves these patients out"],
            f"{len(failures)} of {len(outlines)} outlines ({sequence}) have no radiomic features",
        )
    for (patient, reader), reason in failures.items():
        if reader != FIRST_READER:
            log.warning("patient %s: the outline of %s takes no part: %s", patient, reader, reason)
    found = {outline: json.loads(file.read_text()) for outline, file in files.items() if outline not in failures}
    by_reader = {
        reader: {mode: _table({p: values[mode] for (p, r), values in found.items() if r == reader}) for mode in MODES}
        for reader in (FIRST_READER, *OTHER_READERS)
    }
    lost = {patient: reason for (patient, reader), reason in failures.items() if reader == FIRST_READER}
    return Extracted(by_reader, lost, digest(json.dumps([settings_hash, sorted(keys.items())])))


def _outlines(cohort: Cohort, sequence: str) -> dict[tuple[str, str], tuple[Path, Path]]:
    """Image and outline by patient and reader."""
    root = cohort.root.resolve()
    columns = {FIRST_READER: f"{sequence}_mask", **{reader: f"{sequence}_mask_{reader}" for reader in OTHER_READERS}}
    return {
        (str(patient), reader): (root / row[f"{sequence}_image"], root / row[column])
        for patient, row in cohort.patients.iterrows()
        for reader, column in columns.items()
        if column in row and pd.notna(row[column])
    }


def _work_out(
    cohort: Cohort, sequence: str, settings: Features, outlines: Mapping[tuple[str, str], tuple[Path, Path]],
    files: Mapping[tuple[str, str], Path], label: int | None, roi: str | None,
) -> dict[tuple[str, str], str]:  # fmt: skip
    """Writes the files that are missing, and tells why some can't be."""
    lacking: dict[tuple[str, Path], dict[str, tuple[Path, Path]]] = {}
    for (patient, reader), (image, mask) in outlines.items():
        if not files[patient, reader].exists():
            lacking.setdefault((patient, image), {})[reader] = (mask, files[patient, reader])
    work = Parallel(n_jobs=-1, return_as="generator", mmap_mode=None)(
        delayed(_case)(image, of, settings, label, roi, cohort.by_index) for (_, image), of in lacking.items()
    )
    bar = track(work, f"Radiomic features of {sequence}", len(lacking), transient=True, disable=not lacking)
    return {
        (patient, reader): reason
        for (patient, _), failed in zip(lacking, bar, strict=True)
        for reader, reason in failed.items()
    }


def _case(
    image: Path, outlines: Mapping[str, tuple[Path, Path]], settings: Features, label: int | None, roi: str | None,
    by_index: bool,
) -> dict[str, str]:  # fmt: skip
    """Runs in a worker process, which writes what it has found; faults come back as values, by reader."""
    masks = {reader: mask for reader, (mask, _) in outlines.items()}
    try:
        studies = read_studies(image, list(masks.values()), label=label, roi=roi, by_index=by_index)
        found = features(studies, settings)
    except InputError as error:
        if len(outlines) > 1:  # one of several may be to blame
            each = [_case(image, {reader: of}, settings, label, roi, by_index) for reader, of in outlines.items()]
            return {reader: reason for failed in each for reader, reason in failed.items()}
        ((reader, mask),) = masks.items()
        told = "; ".join(error.faults)
        return {reader: told if str(mask) in told or str(image) in told else f"{mask}: {told}"}
    for (_, file), values in zip(outlines.values(), found, strict=True):
        write_text(file, json.dumps(values))
    return {}


def _table(values: Mapping[str, Mapping[str, float | None]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(dict(values), orient="index", dtype="float64").rename_axis("patient_id")
