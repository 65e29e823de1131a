"""One cell of a table as text, and that text as a number."""

import math
import re
from typing import Any

# How spreadsheets, R and pandas write a missing value. "None" is not one of them: it is a common category.
MISSING = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "<NA>"})


def text(value: Any) -> str | None:
    """The cell as stripped text, or None where the value is missing.

    >>> text(" male "), text(3.0), text(True), text("NA"), text(float("nan"))
    ('male', '3', '1', None, None)
    """
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    stripped = str(value).strip()
    return None if stripped in MISSING else stripped


def number(value: str | None) -> float:
    """The text as a number; NaN where it is None or not a number."""
    try:
        return math.nan if value is None or "_" in value else float(value)
    except ValueError:
        return math.nan


def misread(value: str) -> str | None:
    """Why a text that somebody meant as a number is none, and what to write; None for a number or any other text.

    >>> misread("4,000")
    'which is 4000 if the comma separates thousands, or 4.000 if it is a decimal comma; write 4000 or 4.000'
    """
    plain = value.replace(",", "")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", value):
        decimal = value.replace(",", ".")
        return (
            f"which is {plain} if the comma separates thousands, or {decimal} if it is a decimal comma; "
            f"write {plain} or {decimal}"
        )
    if re.fullmatch(r"[+-]?\d+,\d+", value):
        return "with a decimal comma; write a decimal point"
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", value):
        return f"with commas between thousands; write {plain}"
    if re.fullmatch(r"[+-]?\d{1,3}([. '\u00a0\u202f\u2019]\d{3})+(,\d+)?", value) and not math.isfinite(number(value)):
        digits = re.sub(r"[^\d,+-]", "", value).replace(",", ".")
        return f"with separators between thousands; write {digits}"
    if re.fullmatch(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}( .*)?", value):
        return "a date; write a number"
    return None


def code(value: str | None) -> str | None:
    """The text without the decimals that a spreadsheet adds to whole numbers in a column with empty cells.

    >>> code("2.0"), code("2.5"), code("T2")
    ('2', '2.5', 'T2')
    """
    return value if value is None else re.sub(r"^([+-]?\d+)\.0+$", r"\1", value)


def shown(value: str) -> str:
    """The text for a terminal: no control characters, not longer than a line."""
    plain = value if value.isprintable() else value.encode("unicode_escape").decode()
    return plain if len(plain) <= 100 else f"{plain[:100]}…"
