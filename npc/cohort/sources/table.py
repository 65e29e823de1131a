"""The cohort folder: `patients.csv` or `patients.xlsx`, and the image files that it names."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from npc.cohort.delimited import read_csv
from npc.cohort.workbook import read_xlsx
from npc.errors import InputError

FILE, WORKBOOK = "patients.csv", "patients.xlsx"


def read(root: Path, sequences: Sequence[str], sheet: str | None = None) -> tuple[pd.DataFrame, Path]:
    """The table of a cohort folder, unchecked.

    Args:
        root: the cohort folder.
        sequences: not used: the table names its own columns.
        sheet: of `patients.xlsx`; None: its first one.

    Returns:
        The table as text, indexed by the line or row of the file, and the folder that its paths are relative to.
        `attrs["file"]` is the file's path, for messages; `attrs["read"]` says how it was read.

    Raises:
        InputError: there is no such folder or file, or the file can't be read as a table.
    """
    if root.is_file():
        raise InputError(f"cohort.root: {root} is a file; set cohort.root to its folder")
    if not root.is_dir():
        raise InputError(f"cohort.root: there is no folder {root}; set cohort.root to the cohort's folder")
    return read_table(root, sheet), root


def read_table(root: Path, sheet: str | None = None) -> pd.DataFrame:
    """`patients.csv` of a folder or, without it or where a sheet is asked for, `patients.xlsx`.

    Raises:
        InputError: there is neither, no such sheet, or the file can't be read as a table.
    """
    text, workbook = root / FILE, root / WORKBOOK
    if sheet is not None and not workbook.exists():
        raise InputError(f"cohort.sheet={sheet}: there is no {workbook}; put it there, or remove cohort.sheet")
    if workbook.exists() and (sheet is not None or not text.exists()):
        table, other = read_xlsx(workbook, sheet), text
    else:
        table, other = read_csv(text), workbook
    if other.exists():
        table.attrs["read"] += f" ({other.name} beside it is not read)"
    return table
