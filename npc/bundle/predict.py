"""Predictions of a cohort's patients by a bundle, and the files that `npc predict` writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from npc.bundle import frozen, networks, radiomic
from npc.bundle.population import measures
from npc.bundle.read import Bundle
from npc.bundle.unlike import check_units, warnings
from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.files import write_text
from npc.imaging.views import lacking
from npc.names import PREDICTED
from npc.run.folder import environment, write_json

_RISKS = {
    "deep_learning": networks.risks,
    "ensemble": networks.risks,
    "frozen": frozen.risks,
    "radiomic": radiomic.risks,
}


@dataclass(frozen=True)
class Predictions:
    """Of a cohort; tables are indexed by `patient_id`.

    Attributes:
        table: `risk`, `group`, and where the model has them `risk_36`, `risk_60` and their limits `risk_36_low`, ...
        design: the terms of the model.
        contributions: what each term adds to the log odds; no columns where the risk is the signature's own.
        warnings: what is unlike the training population, a row each (`npc.bundle.unlike.COLUMNS`).
        points: of the nomogram, a column for each part and `total points`; no columns where the model has none.
        features: of each radiomic signature, what each feature adds to its log odds (`npc.bundle.radiomic`).
    """

    table: pd.DataFrame
    design: pd.DataFrame
    contributions: pd.DataFrame
    warnings: pd.DataFrame
    points: pd.DataFrame = field(default_factory=pd.DataFrame)
    features: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def predict(bundle: Bundle, cohort: Cohort, store: str, same_unit: Sequence[str] = ()) -> Predictions:
    """The risk of every patient.

    Args:
        bundle: the model.
        cohort: every patient has its sequences and clinical variables (`npc.bundle.cohorts`).
        store: folder of all stores.
        same_unit: clinical variables whose unit is right, however far their values are from those of training.

    Raises:
        InputError: faults of the images, of all patients at once; or a clinical variable in another unit.
    """
    formula, patients = bundle.formula, cohort.patients
    names = [variable.name for variable in formula.variables]
    if unknown := [name for name in same_unit if name not in names]:
        raise InputError(
            f"--same-unit {unknown[0]}: the model has no such variable; it has {', '.join(names) or 'none'}"
        )
    check_units(bundle.population, patients, [of for of in formula.variables if of.name not in same_unit])
    _check_regions(bundle, cohort, store)
    found = {term: _RISKS[part.settings["method"]](part, cohort, store) for term, part in bundle.parts.items()}
    design = formula.design(pd.DataFrame(found, index=patients.index), patients)
    risk = formula.risk(design)
    absolute = formula.absolute(design, PREDICTED), formula.intervals(design)
    table = pd.concat([risk, formula.group(risk), *absolute], axis=1)
    images = bundle.population["images"]
    measured = measures(cohort, [sequence for sequence in bundle.sequences if sequence in images]) if images else None
    told = warnings(bundle.population, formula, patients, measured)
    features = {
        term: radiomic.contributions(part, cohort, store)
        for term, part in bundle.parts.items()
        if part.settings["method"] == "radiomic"
    }
    adds, points = formula.contributions(design), formula.points(design)
    return Predictions(table.rename_axis("patient_id"), design, adds, told, points, features)


def _check_regions(bundle: Bundle, cohort: Cohort, store: str) -> None:
    """Refuses patients without the region by which slices are chosen: no model has learned what to do without it."""
    if not cohort.regions:
        return
    first = cohort.regions[0]
    absent = lacking(store, cohort, bundle.sequences, cohort.patients.index)[first]
    if absent:
        raise InputError(
            f"patient {patient}: no {first} ({cohort.rois[first]!r}) in the outline on {' and '.join(sequences)}; the "
            "model cannot do without it: correct the outline, or say how it names its regions"
            for patient, sequences in absent.items()
        )


def write(folder: Path, bundle: Bundle, cohort: Cohort, found: Predictions) -> None:
    """Writes `predictions.csv`, `warnings.csv` and `provenance.json`.

    Also `contributions.csv` (log odds) and `points.csv` (of the nomogram) of a model of several parts,
    `contributions_<signature>.csv` of a radiomic signature's features, and `exclusions.csv` where patients were left
    out. Such files of earlier patients are removed.
    """
    for pattern in ("contributions*.csv", "points.csv", "exclusions.csv"):
        for old in list(folder.glob(pattern)):
            old.unlink()
    write_text(folder / "predictions.csv", found.table.to_csv())
    write_text(folder / "warnings.csv", found.warnings.to_csv(index=False))
    for name, table in (("contributions", found.contributions), ("points", found.points)):
        if len(table.columns):
            write_text(folder / f"{name}.csv", table.to_csv(index_label="patient_id"))
    for term, features in found.features.items():
        write_text(folder / f"contributions_{term}.csv", features.to_csv(index_label="patient_id"))
    if len(cohort.exclusions):
        write_text(folder / "exclusions.csv", cohort.exclusions.to_csv(index=False))
    write_json(folder / "provenance.json", provenance(bundle, cohort))


def provenance(bundle: Bundle, cohort: Cohort) -> Mapping[str, Any]:
    """Which model, which software, how many patients."""
    return {
        "bundle_sha256": bundle.digest,
        "model": bundle.about["model"],
        "run_keys": {term: part.settings["run_key"] for term, part in bundle.parts.items()},
        "made_by": dict(bundle.about["made_by"]),
        "predicted_by": environment(),
        "cohort": cohort.name,
        "patients": len(cohort.patients),
    }
