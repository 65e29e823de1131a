"""A table in a text file, as hospitals' programs write it: with the encoding and the separator that were found."""

import codecs
import csv
import io
import re
from pathlib import Path

import pandas as pd

from npc.cohort.raw_table import raw_table
from npc.errors import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_DECLARED = re.compile(r"\ufeff?sep=(.)\r?\n", re.IGNORECASE)  # a first line that Excel understands


def read_csv(path: Path) -> pd.DataFrame:
    """A text file as a table of text (nothing is guessed: 007 stays 007), indexed by line; empty lines are skipped.

    pandas' reader would silently use the first column as an index where rows are too long, and would fill up rows
    that are too short; this reader reports both as faults.

    Args:
        path: UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, or GB18030; separated by commas, semicolons or
            tabs.

    Raises:
        InputError: the file cannot be read, is in another encoding, or is no table.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} is missing; put the cohort's table there") from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}; correct its permissions or copy it again") from error
    content, encoding = _decoded(path, raw)
    separator, start = _separator(content)
    rows, lines = _rows(path, content, separator, start)
    table = raw_table(path, rows, lines, "line", f"{encoding}, separated by {SEPARATORS.get(separator, separator)}")
    table.attrs["may_have_decimal_commas"] = separator != ","
    return table


def _decoded(path: Path, raw: bytes) -> tuple[str, str]:
    """The text of a file, and the name of its encoding."""
    if raw.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{path} is a spreadsheet's workbook, not UTF-8 text; save the table as 'CSV UTF-8', or name the file "
            f"{path.stem}.xlsx"
        )
    content: str | None
    try:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return raw.decode("utf-16"), "UTF-16"
        content, encoding = raw.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        content, encoding = _chinese(raw), "GB18030"
    if content is None:
        raise InputError(f"{path} is not UTF-8 text, nor UTF-16 or GB18030; save the table as 'CSV UTF-8'")
    if "\0" in content:
        raise InputError(f"{path} is not a text file; save the table as 'CSV UTF-8'")
    return content, encoding


def _chinese(raw: bytes) -> str | None:
    """The text in GB18030; None where it is more likely in a Western encoding.

    Nearly every Western text can be decoded as GB18030, too, but to characters that are not in use. Most of a Chinese
    text's characters are among the 7445 common ones of GB2312, which the standard contains.
    """
    try:
        content = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None
    foreign = [character for character in content if not character.isascii()]
    common = sum(bool(character.encode("gb2312", "ignore")) for character in foreign)
    return content if common > len(foreign) / 2 else None


def _separator(content: str) -> tuple[str, int]:
    """The separator, and where the table begins: that which Excel's first line declares, or which parts most names."""
    if declared := _DECLARED.match(content):
        return declared[1], declared.end()
    header = next((line for line in content.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=header.count), 0


def _rows(path: Path, content: str, separator: str, start: int) -> tuple[list[list[str]], list[int]]:
    """The rows that are not empty, and the line of each."""
    stream = io.StringIO(content[start:], newline="")
    reader = csv.reader(stream, delimiter=separator, strict=True, skipinitialspace=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    before = content[:start].count("\n")
    line = before + 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(line)
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {line}: not CSV ({error}); correct the line, and close each quote") from None
    return rows, lines
