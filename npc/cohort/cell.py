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


def code(value: str | None) -> str | None:
    """The text without the decimals that a spreadsheet adds to whole numbers in a column with empty cells.

    >>> code("2.0"), code("2.5"), code("T2")
    ('2', '2.5', 'T2')
    """
    return value if value is None else re.sub(r"^([+-]?\d+)\.0+$", r"\1", value)
