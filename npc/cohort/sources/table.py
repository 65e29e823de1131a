"""The cohort folder: `patients.csv` and the image files that it names."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from npc.errors import Fault, InputError

FILE = "patients.csv"


def read(root: Path, sequences: Sequence[str]) -> tuple[pd.DataFrame, Path]:
    """The table of a cohort folder, unchecked.

    Args:
        root: the cohort folder.
        sequences: not used: the table names its own columns.

    Returns:
        The table as text, indexed by the line of the file, and the folder that its paths are relative to.
        `attrs["file"]` is the file's path, for messages.

    Raises:
        InputError: there is no such folder or file, or the file can't be read as a table.
    """
    if root.is_file():
        raise InputError(f"cohort.root: {root} is a file; set cohort.root to its folder")
    if not root.is_dir():
        raise InputError(f"cohort.root: there is no folder {root}; set cohort.root to the cohort's folder")
    return read_csv(root / FILE), root


def read_csv(path: Path) -> pd.DataFrame:
    """A CSV file as text (nothing is guessed: 007 stays 007), indexed by line; empty lines are skipped.

    pandas' reader would silently use the first column as an index where rows are too long, and would fill up rows
    that are too short; this reader reports both as faults.
    """
    try:
        raw = path.read_bytes()
        _refuse_other_formats(path, raw)
        content = raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path} is missing; put the cohort's table there") from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}; correct its permissions or copy it again") from error
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text; save the table as 'CSV UTF-8'") from None
    if "\0" in content:
        raise InputError(f"{path} is not a text file; save the table as 'CSV UTF-8'")

    reader = csv.reader(io.StringIO(content, newline=""), strict=True, skipinitialspace=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {line}: not CSV ({error}); correct the line, and close each quote") from None
    if not rows:
        raise InputError(f"{path} is empty; write a line of column names and a line for each patient")
    return _frame(path, [name.strip() for name in rows[0]], rows[1:], lines[1:])


def _refuse_other_formats(path: Path, raw: bytes) -> None:
    for start, what in ((b"PK\x03\x04", "a spreadsheet's workbook"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if raw.startswith(start):
            raise InputError(f"{path} is {what}, not UTF-8 text; save the table as 'CSV UTF-8'")


def _frame(path: Path, header: list[str], rows: list[list[str]], lines: list[int]) -> pd.DataFrame:
    while header and not header[-1]:  # empty columns that a spreadsheet exports
        header.pop()
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise InputError(f"{path} is separated by {called}; save it with commas")
    faults = [f"{path}: column {name} occurs twice; keep one" for name, n in Counter(header).items() if n > 1 and name]
    faults += [f"{path}: column {i} has no name; name it" for i, name in enumerate(header, 1) if not name]
    width = len(header)
    for line, row in zip(lines, rows, strict=True):
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            sentence = (
                f"{path}, line {line}: {len(row)} cells under {width} column names; "
                "correct the commas, and quote a text that contains one"
            )
            faults.append(Fault(sentence, f"line {line}"))
    if faults:
        raise InputError(faults)
    table = pd.DataFrame([row[:width] for row in rows], columns=header, index=pd.Index(lines, name="line"))
    table.attrs["file"] = str(path)
    return table
