"""The published NPC MRI set of Foshan: 277 patients in its own layout, without outcome (docs/cohort.md).

Li et al., A dataset of primary nasopharyngeal carcinoma MRI with multi-modalities segmentation, Scientific Data 2025,
doi 10.1038/s41597-025-05815-x; images at doi 10.5281/zenodo.13131827 (CC BY 4.0).
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from npc.errors import InputError

# For each sequence the folder of its DICOM series and the file of its outline.
FILES = {"t1": ("T1WI", "ROI-T1.nii"), "t2": ("T2WI", "ROI-T2.nii"), "cet1": ("CE-T1WI", "ROI-CE-T1.nii")}
HOME = "MRI-Segments"


def read(root: Path, sequences: Sequence[str]) -> tuple[pd.DataFrame, Path]:
    """The cohort as a raw table, and its root.

    Args:
        root: the folder that holds `MRI-Segments`, or that folder itself.
        sequences: of `t1`, `t2` and `cet1`.

    Returns:
        A table with the columns of the cohort folder (docs/cohort.md), without outcome and clinical variables; the
        cells of a sequence without files are empty.

    Raises:
        InputError: there is no such folder or sequence, or the folder has no patients.
    """
    unknown = [sequence for sequence in sequences if sequence not in FILES]
    if unknown:
        raise InputError(f"cohort.sequences: {', '.join(unknown)} are not in this set; it has {', '.join(FILES)}")
    home = root if root.name == HOME else root / HOME
    patients = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    if not patients:
        raise InputError(f"cohort.root: there is no patient folder in {home}; unpack primary_data.zip there")
    table = pd.DataFrame([_patient(home, patient, sequences) for patient in patients])
    table.attrs["file"] = str(home)
    return table, home


def _patient(home: Path, patient: str, sequences: Sequence[str]) -> dict[str, str | None]:
    row: dict[str, str | None] = {"patient_id": patient, "centre": "Foshan"}
    for sequence in sequences:
        names = (f"{patient}/{name}" for name in FILES[sequence])
        row[f"{sequence}_image"], row[f"{sequence}_mask"] = (name if (home / name).exists() else None for name in names)
    return row
