"""A data set in the layouts of the HECKTOR challenges, or in one like them: names of files begin with the patient's id.

`ID__CT.nii.gz` and `ID.nii.gz` (the outline) lie anywhere below the folder, such as `imagesTr` and `labelsTr` (2022) or
one folder a patient (2025); within a folder that has the patient's id as its name, the names need not repeat it. The
outcomes are in the challenge's sheets, joined by `PatientID`, or in `patients.csv` or `patients.xlsx`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import pandas as pd

from npc.cohort import cell
from npc.cohort.dates import DAYS_PER_MONTH
from npc.cohort.delimited import read_csv
from npc.cohort.sources.table import FILE, WORKBOOK, read_table
from npc.errors import Fault, InputError

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
OUTLINES = ("", "_gtvt", "__gtvt", "__mask", "__seg")  # behind the patient's id; the first is that of the challenges
# Headings of the challenges' sheets, by their letters and digits.
COLUMNS = {
    "patientid": "patient_id",
    "centerid": "centre",
    "gender": "sex",
    "age": "age",
    "hpvstatus01": "hpv",
    "relapse": "relapse",
    "rfs": "rfs_months",
}


def read(root: Path, sequences: Sequence[str], sheet: str | None = None) -> tuple[pd.DataFrame, Path]:
    """The patients with the paths of their files, unchecked.

    Args:
        root: the folder that all files lie below.
        sequences: such as `ct`; in names of files capitals do not count.
        sheet: of `patients.xlsx`; None: its first one.

    Returns:
        The table and `root`, which its paths are relative to. A file that is not there is an empty cell.

    Raises:
        InputError: there is no table, or a patient has several files for one image or outline; all of them at once.
    """
    own = sheet is not None or (root / FILE).exists() or (root / WORKBOOK).exists()
    table = read_table(root, sheet) if own else _challenge(root)
    if "patient_id" not in table:
        raise InputError(f"{table.attrs['file']}: there is no column patient_id; add it")
    there, faults = _files(root), list[str]()
    for sequence in sequences:
        ends = {"image": (f"__{sequence}", f"_{sequence}"), "mask": OUTLINES}
        for kind, tails in ends.items():
            paths = []
            for patient in table["patient_id"].str.strip():
                names = [f"{patient}{tail}".casefold() for tail in tails]
                found = sorted({path for name in names for path in there.get(name, ())})
                paths.append(found[0] if found else None)
                if len(found) > 1:
                    listed = ", ".join(found[:4])
                    sentence = f"patient {patient}: {len(found)} files can be the {sequence}_{kind}: {listed}; keep one"
                    faults.append(Fault(sentence, f"patient {patient}", [listed]))
            table[f"{sequence}_{kind}"] = pd.Series(paths, table.index, dtype=object)
        # without its image, the outline is that of other images alone
        table[f"{sequence}_mask"] = table[f"{sequence}_mask"].where(table[f"{sequence}_image"].notna(), None)
    if faults:
        raise InputError(faults)
    return table, root


def _files(root: Path) -> dict[str, list[str]]:
    """The images below a folder by their names without ending, alone and behind the name of their folder."""
    found: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*")):
        ending = next((ending for ending in ENDINGS if path.name.lower().endswith(ending)), None)
        if ending:
            stem = path.name[: -len(ending)].casefold()
            for name in (stem, f"{path.parent.name.casefold()}__{stem}"):
                found.setdefault(name, []).append(path.relative_to(root).as_posix())
    return found


def _challenge(root: Path) -> pd.DataFrame:
    """The sheets of a challenge as one table: the patients of that sheet which has the outcomes."""
    sheets = [sheet for file in sorted(root.glob("*.csv")) if "patient_id" in (sheet := _sheet(file))]
    with_outcome = [sheet for sheet in sheets if "relapse" in sheet]
    if not with_outcome:
        raise InputError(
            f"{root} holds neither {FILE} nor a sheet of the challenge with PatientID and Relapse; put one there"
        )
    sheets.sort(key=lambda sheet: "relapse" not in sheet)  # its patients are those of the table
    table = reduce(_joined, sheets)
    names = " and ".join(Path(sheet.attrs["file"]).name for sheet in sheets)
    if "centre" not in table:
        table["centre"] = table["patient_id"].str.extract(r"^([A-Za-z]+)", expand=False)  # CHUM-001
    table["rfs_months"] = [
        _months(days) for days in table.get("rfs_months", pd.Series(None, table.index, dtype=object))
    ]
    table.attrs = {"file": with_outcome[0].attrs["file"], "read": f"{names}, {len(table)} patients with outcome"}
    return table


def _sheet(file: Path) -> pd.DataFrame:
    sheet = read_csv(file)
    keys = {name: re.sub(r"[^a-z0-9]", "", str(name).casefold()) for name in sheet}
    named = {name: COLUMNS.get(key, name) for name, key in keys.items()}
    if twice := [name for name, times in Counter(named.values()).items() if times > 1]:
        written = ", ".join(str(name) for name, known in named.items() if known in twice)
        raise InputError(f"{file}: the columns {written} mean the same; keep one of each kind")
    return sheet.rename(columns=named)


def _joined(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first, with those columns of the other that it lacks."""
    rows = other.drop_duplicates("patient_id").set_index("patient_id")
    return table.join(rows[rows.columns.difference(table.columns, sort=False)], on="patient_id")


def _months(days: str | None) -> str | float | None:
    months = cell.number(cell.text(days)) / DAYS_PER_MONTH
    return days if months != months else months  # text that is not a number is kept as written
