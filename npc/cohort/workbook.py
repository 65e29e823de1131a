"""A table in an Excel workbook: each cell as a reader of the sheet sees it."""

import re
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import pandas as pd

from npc.cohort import cell as cells
from npc.cohort.raw_table import raw_table
from npc.errors import Fault, InputError

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

# A format such as 000 or "P"000: zeros, behind a text in quotes.
_ZEROS = re.compile(r'(?:"([^"]*)")?(0{2,})')


def read_xlsx(path: Path, sheet: str | None = None) -> pd.DataFrame:
    """A sheet as a table of text, indexed by row; empty rows are skipped.

    A number keeps the zeros that its format shows (7 as 000 is 007), and a date is written year-month-day.

    Args:
        path: the workbook.
        sheet: its name; None: the first one that is not hidden.

    Raises:
        InputError: the file is no workbook, has no such sheet, or has formulas without stored values.
    """
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        found = _sheet(path, _open(path, stored=True), sheet)
        formulas = _open(path, stored=False)[found.title]
    except FileNotFoundError:
        raise InputError(f"{path} is missing; put the cohort's table there") from None
    except (zipfile.BadZipFile, InvalidFileException, ParseError, LookupError, TypeError, ValueError, OSError) as error:
        raise InputError(
            f"{path} can't be read as an Excel workbook (it is damaged, protected by a password, or of another "
            "format); save it again as .xlsx, or the table as 'CSV UTF-8'"
        ) from error
    rows, places, faults = [], [], []
    for row, written in zip(found.iter_rows(), formulas.iter_rows(), strict=True):
        faults += [_not_stored(path, of) for one, of in zip(row, written, strict=True) if _lacks_value(one, of)]
        texts = [_text(one.value, one.number_format) for one in row]
        if any(texts):
            rows.append(texts)
            places.append(row[0].row)
    if faults:
        raise InputError(faults)
    return raw_table(path, rows, places, "row", f"sheet {found.title}")


def _open(path: Path, *, stored: bool) -> "Workbook":
    from openpyxl import load_workbook

    return load_workbook(path, data_only=stored)


def _sheet(path: Path, book: "Workbook", name: str | None) -> "Worksheet":
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is None:
        return next((sheet for sheet in sheets.values() if sheet.sheet_state == "visible"), book.worksheets[0])
    if name not in sheets:
        raise InputError(f"cohort.sheet={name}: {path} has no such sheet; choose one of {', '.join(sheets)}")
    return sheets[name]


def _text(value: Any, shown_as: str) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    written = cells.text(value) or ""
    zeros = _ZEROS.fullmatch(shown_as)
    if zeros and isinstance(value, int | float) and written.isdigit():
        return (zeros[1] or "") + written.zfill(len(zeros[2]))
    return written


def _lacks_value(one: Any, written: Any) -> bool:
    return one.value is None and written.data_type == "f"


def _not_stored(path: Path, written: Any) -> Fault:
    place = f"cell {written.coordinate}"
    return Fault(
        f"{path}, {place}: has a formula but no value; open the file in Excel and save it, or write the value", place
    )
