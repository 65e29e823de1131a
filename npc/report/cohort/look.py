"""The page of `npc cohort look`: every patient's slices, outlines and network inputs, the unusual ones first."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.errors import Fault, grouped
from npc.files import write_text
from npc.imaging.content import repeated_images
from npc.imaging.input_settings import Preprocess
from npc.imaging.read_all import read_all
from npc.imaging.thumbnails import StudyView, view_study
from npc.imaging.unusual import unusual
from npc.report.kit.page import render


@dataclass
class PatientView:
    """What the page shows of a patient.

    Attributes:
        patient: the id.
        facts: such as the hospital.
        faults: sentences.
        unusual: phrases, each with its sequence.
        lacking: sequences that the patient does not have.
        studies: by sequence.
    """

    patient: str
    facts: list[str]
    faults: list[str] = field(default_factory=list)
    unusual: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    studies: dict[str, StudyView] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Patients with faults first, then those with most that is unusual, then those who lack sequences."""
        return -len(self.faults), -len(self.unusual), -len(self.lacking)


def write_look(
    file: Path, cohort: Cohort, settings: Preprocess, *, slices: str, size: int, faults: Sequence[str] = ()
) -> str:
    """Reads every study and writes the page.

    Args:
        file: the page.
        cohort: may be one with faults (`npc.cohort.load.readable`).
        settings: of the network's input.
        slices: max, three or all.
        size: pixels along a side of an image on the page.
        faults: of the table.

    Returns:
        what the page shows, in numbers.
    """
    studies = [study for sequence in cohort.sequences for study in cohort.studies(sequence)]
    found: dict[str, dict[str, StudyView]] = {sequence: {} for sequence in cohort.sequences}
    of_images: list[str] = []
    seen: list[tuple[Study, str]] = []
    work = partial(view_study, settings=settings, slices=slices, size=size)
    for study, view in read_all(studies, work, "Reading images", of_images):
        found[study.sequence][study.patient] = view
        seen.append((study, view.content))
    everyone = _everyone(cohort, studies)
    for sequence, views in found.items():
        for patient, phrases in unusual(views).items():
            everyone[patient].studies[sequence] = views[patient]
            everyone[patient].unusual += [f"{sequence}: {phrase}" for phrase in phrases]
    of_cohort = _share([*faults, *of_images], everyone) + repeated_images(seen)
    patients = sorted(everyone.values(), key=lambda view: (view.rank, view.patient))
    counts = _counts(patients, of_cohort)
    page = render(
        "look.html.jinja",
        title=cohort.name,
        counts=counts,
        read=cohort.read,
        slices=slices,
        size=size,
        faults=grouped(of_cohort),
        patients=patients,
        exclusions=cohort.exclusions.to_dict("records"),
        source=lambda image: f"data:image/jpeg;base64,{base64.b64encode(image).decode()}",
    )
    write_text(file, page)
    return counts


def _everyone(cohort: Cohort, studies: Sequence[Study]) -> dict[str, PatientView]:
    """Each patient, with the sequences that are not there."""
    there = {(study.patient, study.sequence) for study in studies}
    centres = cohort.patients.get("centre", pd.Series(index=cohort.patients.index, dtype=object))
    return {
        str(patient): PatientView(
            str(patient),
            [] if pd.isna(centre) else [str(centre)],
            lacking=[sequence for sequence in cohort.sequences if (str(patient), sequence) not in there],
        )
        for patient, centre in centres.items()
    }


def _counts(patients: Sequence[PatientView], of_cohort: Sequence[str]) -> str:
    counts = {
        "patients": len(patients),
        "with faults": sum(bool(view.faults) for view in patients),
        "with something unusual": sum(bool(view.unusual) for view in patients),
        "without one of the sequences": sum(bool(view.lacking) for view in patients),
    }
    told = ", ".join(f"{count} {words}" for words, count in counts.items())
    return f"{told}; faults of the cohort: {len(of_cohort)}" if of_cohort else told


def _share(faults: Sequence[str], everyone: Mapping[str, PatientView]) -> list[str]:
    """Gives each patient the faults whose place names the patient, and returns the others."""
    others = []
    for fault in faults:
        patient = fault.place.rpartition("patient ")[2] if isinstance(fault, Fault) else ""
        if patient in everyone:
            everyone[patient].faults.append(fault)
        else:
            others.append(fault)
    return others
