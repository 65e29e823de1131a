"""The published soft-tissue sarcoma cohort, in its published layout.

Vallieres et al. 2015, doi 10.7937/K9/TCIA.2015.7GO2GSKS: the clinical sheet of the archive (`clinical.csv` or
`INFOclinical_STS.xlsx`) next to `nifti/STS_xxx/` and `dicom/STS_xxx/`.
"""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pandas as pd

from npc.cohort import cell
from npc.cohort.dates import DAYS_PER_MONTH
from npc.cohort.delimited import read_csv
from npc.errors import InputError

CSV, SHEET = "clinical.csv", "INFOclinical_STS.xlsx"
COLUMNS = {
    "patient_id": "Patient ID",
    "age": "Age",
    "sex": "Sex",
    "mskcc_type": "MSKCC type",
    "grade": "Grade",
    "treatment": "Treatment",
    "outcome": "Outcome (recurrence, mets)",
    "outcome_days": "Time – diagnosis to outcome (days)",
    "status": "Status (NED, AWD, D)",
    "follow_up_days": "Time – diagnosis to last follow-up (days)",
}
LUNG_METS = "LungMets"  # not in the archive's sheet


def read(root: Path, sequences: Sequence[str]) -> tuple[pd.DataFrame, Path]:
    """The cohort's patients in the columns of the cohort folder, unchecked.

    Two endpoints: `dm_event`, any metastasis, and `lung_mets`, the published label. The sheet gives one outcome
    for each patient; a local recurrence is not an event and does not end the follow-up for metastasis.

    Args:
        root: the folder with the clinical sheet; the CSV file takes precedence if both exist.
        sequences: `mr_t1`, `ct`; each is the prefix of the file names, in lower case.

    Returns:
        The table and `root`, which its paths are relative to. A value that can't be read is kept as it
        is, and the check reports it.
    """
    if (root / CSV).is_file():
        sheet = read_csv(root / CSV)
    elif (root / SHEET).is_file():
        sheet = _read_xlsx(root / SHEET)
    else:
        raise InputError(f"cohort.root: {root} holds neither {CSV} nor {SHEET}; point it at the STS folder")
    table = pd.DataFrame([_patient(row) for row in _published(sheet)], index=sheet.index)
    for sequence in sequences:
        files = [_files(root, str(patient), sequence) for patient in table["patient_id"]]
        table[f"{sequence}_image"] = pd.Series([image for image, _ in files], table.index, dtype=object)
        table[f"{sequence}_mask"] = pd.Series([mask for _, mask in files], table.index, dtype=object)
    table.attrs["file"] = sheet.attrs["file"]
    return table, root


def _key(heading: object) -> str:
    """The letters and digits of a heading: the sheets differ in dashes, spaces, line breaks and case."""
    return re.sub(r"[^a-z0-9]", "", str(heading).casefold())


def _read_xlsx(path: Path) -> pd.DataFrame:
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} can't be read as an Excel sheet ({error}); download it again") from error
    heading_of_id = _key(COLUMNS["patient_id"])
    for page in book.worksheets:
        rows = list(page.iter_rows(values_only=True))
        for top, row in enumerate(rows):
            if heading_of_id in map(_key, row):
                filled = [
                    (line, cells) for line, cells in enumerate(rows[top + 1 :], top + 2) if any(map(cell.text, cells))
                ]
                table = pd.DataFrame(
                    [cells for _, cells in filled],
                    columns=[str(heading) for heading in row],
                    index=pd.Index([line for line, _ in filled], name="row"),
                    dtype=object,
                )
                table.attrs["file"] = str(path)
                return table
    raise InputError(f"{path} has no sheet with a heading '{COLUMNS['patient_id']}'; download it again")


def _published(sheet: pd.DataFrame) -> list[dict[str, str | None]]:
    """The sheet's rows as text under npc's names; `lung_mets` only where the sheet has it."""
    there = {_key(heading): i for i, heading in enumerate(sheet.columns)}
    absent = [heading for heading in COLUMNS.values() if _key(heading) not in there]
    if absent:
        raise InputError(
            f"{sheet.attrs['file']}: no column {heading}; restore its published name" for heading in absent
        )
    places = {name: there[_key(heading)] for name, heading in COLUMNS.items()}
    if _key(LUNG_METS) in there:
        places["lung_mets"] = there[_key(LUNG_METS)]
    return [{name: cell.text(row[i]) for name, i in places.items()} for row in sheet.itertuples(index=False, name=None)]


def _patient(row: dict[str, str | None]) -> dict[str, str | float | None]:
    outcome = row["outcome"].casefold() if row["outcome"] else None
    metastasis = None if outcome is None else str(int(outcome.startswith("mets")))
    lung = row["lung_mets"] if "lung_mets" in row else outcome and str(int(metastasis == "1" and "lung" in outcome))
    treatment = row["treatment"]
    return {
        "patient_id": row["patient_id"],
        "centre": "McGill",
        "age": row["age"],
        "sex": _lower(row["sex"]),
        "grade": _lower(row["grade"]),
        "mskcc_type": row["mskcc_type"],
        "chemotherapy": treatment and ("yes" if "chemotherapy" in treatment.casefold() else "no"),
        "dmfs_months": _months(row["outcome_days" if metastasis == "1" else "follow_up_days"]),
        "dm_event": metastasis,
        "lung_mets_months": _months(row["outcome_days" if cell.code(lung) == "1" else "follow_up_days"]),
        "lung_mets": lung,
        "os_months": _months(row["follow_up_days"]),
        "os_event": _death(row["status"]),
    }


def _lower(value: str | None) -> str | None:
    return value.lower() if value else None


def _months(days: str | None) -> str | float | None:
    months = cell.number(days) / DAYS_PER_MONTH
    return days if months != months else months  # text that is not a number is kept as written


def _death(status: str | None) -> str | None:
    """1 for D (dead), 0 for NED (no evidence of disease) and AWD (alive with disease)."""
    return {"D": "1", "NED": "0", "AWD": "0"}.get(status, status) if status else None


def _files(root: Path, patient: str, sequence: str) -> tuple[str | None, str | None]:
    """Image and mask of a sequence: the NIfTI pair, else the DICOM pair, else the more complete one."""
    name = sequence.upper()
    pairs = [
        (f"nifti/{patient}/{name}_image.nii.gz", f"nifti/{patient}/{name}_mask.nii.gz"),
        (f"dicom/{patient}/{name}/image", f"dicom/{patient}/{name}/mask/RS.dcm"),
    ]
    existing = [tuple(path if (root / path).exists() else None for path in pair) for pair in pairs]
    image, mask = max(existing, key=lambda pair: sum(path is not None for path in pair))
    return image, mask
