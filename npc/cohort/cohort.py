"""The checked cohort: what everything after the disk works on."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from npc.cohort.truth import Truth


@dataclass(frozen=True)
class Cohort:
    """Patients with their outcome and the paths of their images.

    Attributes:
        name: as in `runs/<name>/`.
        root: the folder that the paths in `patients` are relative to.
        patients: one row a patient, indexed by `patient_id`, sorted by it; the columns of the cohort folder
            (docs/cohort.md): `centre`, clinical variables, `<endpoint>_months`, `<endpoint>_event`, `S_image`,
            `S_mask`; an absent image is missing (NA).
        sequences: the sequences that the cohort may have, in the order in which `both` joins them.
        by_index: whether an outline whose header places it nowhere is laid on its image voxel by voxel.
        exclusions: `patient_id`, `centre` and `reason` of every patient who was left out, in the order of the steps:
            by hand, by criterion, for a missing sequence.
        truth: of synthetic patients; None where they are real.
    """

    name: str
    root: Path
    patients: pd.DataFrame
    sequences: tuple[str, ...]
    by_index: bool = field(default=False, kw_only=True)
    exclusions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["patient_id", "centre", "reason"]))
    truth: Truth | None = field(default=None, kw_only=True)
