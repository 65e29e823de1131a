"""The training population in figures, and how one patient is measured to be compared with it.

A limit of a range is a percentile beyond which at least five patients lie: minimum and maximum would be values of
single patients. A number below five is left out, and so is another one from which it could be computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.acquisition import read_acquisition
from npc.imaging.read_all import read_all
from npc.imaging.readers import read_scan
from npc.imaging.size import outline_size
from npc.names import FEWEST, TUMOUR

SHARE = 0.05  # of the patients beyond a limit
MEASURES = {
    "spacing": "distance between slices (mm)",
    "pixel": "size of a pixel (mm)",
    "volume": "volume of the outline (mL)",
    "intensity": "median intensity inside the outline",
    "field": "field strength (T)",
}


def measures(cohort: Cohort, sequences: Sequence[str]) -> pd.DataFrame:
    """What is measured on the image of each patient, (patients, sequences and measures); NaN where it is not known.

    Volume and intensity are those of the outline itself, of several regions of the first.

    Args:
        cohort: every patient has the sequences.
        sequences: whose images are measured.

    Raises:
        InputError: images that can't be read, of all patients at once.
    """
    faults: list[str] = []
    cohort = replace(cohort, region=TUMOUR)
    columns: dict[tuple[str, str], dict[str, float | None]] = {
        (sequence, measure): {} for sequence in sequences for measure in MEASURES
    }
    for sequence in sequences:
        for study, found in read_all(cohort.studies(sequence), _measured, f"Measuring {sequence}", faults):
            for measure, value in found.items():
                columns[sequence, measure][study.patient] = value
    if faults:
        raise InputError(sorted(faults), f"{len(faults)} images can't be measured")
    table = pd.DataFrame({key: pd.Series(of, dtype=float) for key, of in columns.items()})
    return table.reindex(cohort.patients.index)


def _measured(study: Study) -> dict[str, float | None]:
    scan = read_scan(study)
    return {
        "spacing": scan.spacing[0],
        "pixel": scan.spacing[1],
        "volume": outline_size(scan.mask, scan.spacing).volume,
        "intensity": float(np.median(scan.image[scan.mask])),
        "field": read_acquisition(study.image, scan).field,
    }


def summary(patients: pd.DataFrame, variables: Sequence[Variable], measured: pd.DataFrame | None) -> dict[str, Any]:
    """The training population.

    Args:
        patients: of the training cohort, with the clinical variables.
        variables: that are told.
        measured: on their images; None where they were not read.

    Returns:
        ready for JSON: `patients`, `clinical` by variable, `images` by sequence and measure.
    """
    images: dict[str, dict[str, Any]] = {}
    for (sequence, measure), values in _columns(measured):
        counted = _levels if measure == "field" else _range
        images.setdefault(sequence, {})[measure] = counted(values)
    clinical = {
        of.name: {"title": of.title, "kind": of.kind}
        | (_range if of.kind == "continuous" else _levels)(patients[of.name])
        for of in variables
    }
    return {"patients": len(patients), "clinical": clinical, "images": images}


def _columns(measured: pd.DataFrame | None) -> list[tuple[tuple[str, str], pd.Series]]:
    return [] if measured is None else [((str(key[0]), str(key[1])), of) for key, of in measured.items()]  # type: ignore[index]


def _range(values: pd.Series) -> dict[str, Any]:
    known = values.dropna().astype(float)
    share = max(SHARE, FEWEST / len(known)) if len(known) else 1.0
    found: dict[str, Any] = {"missing": _told(len(values) - len(known))}
    if share >= 0.5:
        return {**found, "share": None, "low": None, "median": None, "high": None}
    low, median, high = (float(f"{known.quantile(at):.3g}") for at in (share, 0.5, 1 - share))
    found |= {"share": round(share, 4), "low": low, "median": median, "high": high}
    above = known[known > 0]
    if len(known) - len(above) >= FEWEST and len(above) > 2 * FEWEST:  # 0 is the median where half of them have none
        found["median_above_0"] = float(f"{above.median():.3g}")
    return found


def _levels(values: pd.Series) -> dict[str, Any]:
    named = values.dropna().map(lambda value: f"{value:g}" if isinstance(value, float) else str(value))
    counts = {str(level): int(n) for level, n in named.value_counts().sort_index().items() if n}
    hidden = {level for level, n in counts.items() if n < FEWEST}
    missing = int(values.isna().sum())
    if len(hidden) + (0 < missing < FEWEST) == 1 and (others := counts.keys() - hidden):
        hidden.add(min(others, key=lambda level: counts[level]))  # or the sum of the others would tell the one number
    return {
        "missing": _told(missing),
        "counts": {level: None if level in hidden else n for level, n in counts.items()},
    }


def _told(number: int) -> int | None:
    """The number; None stands for one from 1 to 4."""
    return None if 0 < number < FEWEST else number


def as_table(population: Mapping[str, Any]) -> pd.DataFrame:
    """For the model card: `variable`, `training cohort`, `missing`."""
    rows = [(of["title"], of) for of in population["clinical"].values()]
    rows += [
        (f"{sequence}: {MEASURES[measure]}", of)
        for sequence, measured in population["images"].items()
        for measure, of in measured.items()
    ]
    return pd.DataFrame(
        [(title, _in_words(of), _number(of["missing"])) for title, of in rows],
        columns=["variable", "training cohort", "missing"],
    )


def _in_words(of: Mapping[str, Any]) -> str:
    if "counts" in of:
        return ", ".join(f"{level}: {_number(n)}" for level, n in of["counts"].items())
    if of["share"] is None:
        return "too few patients"
    return f"median {of['median']:g}; {100 * of['share']:.0f}% are below {of['low']:g}, as many above {of['high']:g}"


def _number(n: int | None) -> str:
    return "few" if n is None else str(n)
