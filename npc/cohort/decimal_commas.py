"""Numbers with a decimal comma, in tables that are not separated by commas."""

import re
from collections.abc import Collection, Hashable

import pandas as pd

_COMMA = re.compile(r"[+-]?\d+,\d+")
_POINT = re.compile(r"[+-]?\d*\.\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")  # 4,000 and 4.000 have two meanings

Faults = dict[Hashable, list[str]]


def with_points(table: pd.DataFrame, others: Collection[str]) -> tuple[pd.DataFrame, Faults]:
    """The table with decimal points for its decimal commas.

    A comma is a decimal comma if a number of the table shows it (12,5) and none has a decimal point. Where both occur,
    or only such as 4,000, nothing is changed, and the check of the table reports these cells.

    Args:
        table: a raw table. One that is separated by commas, or not from a text file, is left as it is.
        others: columns that hold no numbers.

    Returns:
        the table, and of each row those numbers which then have two meanings (4.000), as ends of sentences that begin
        with the patient.
    """
    if not table.attrs.get("may_have_decimal_commas"):
        return table, {}
    columns = table.columns[~table.columns.isin(list(others))]
    texts = table[columns].map(str.strip)
    clear = [text for text in texts.to_numpy().ravel() if not _THOUSANDS.fullmatch(text)]
    if not any(map(_COMMA.fullmatch, clear)) or any(map(_POINT.fullmatch, clear)):
        return table, {}
    faults: Faults = {}
    for row, cells in texts.iterrows():
        for name, text in cells.items():
            if "." in text and _THOUSANDS.fullmatch(text) and "," not in text:
                faults.setdefault(row, []).append(
                    f"{name} is '{text}', in a table with decimal commas; write {text.replace('.', '')}, or "
                    f"{text.replace('.', ',', 1)} if it is a decimal point"
                )
    filled = table.copy()
    filled[columns] = texts.map(lambda text: text.replace(",", ".") if _COMMA.fullmatch(text) else text)
    filled.attrs = {**table.attrs, "read": f"{table.attrs['read']}, decimal commas"}
    return filled, faults
