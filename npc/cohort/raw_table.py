"""The raw table of a cohort: its cells as text, before any check of their values."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from npc.errors import Fault, InputError


def raw_table(path: Path, rows: Sequence[Sequence[str]], places: Sequence[int], place: str, read: str) -> pd.DataFrame:
    """A table of text, with the place of each row in its file.

    Args:
        path: the file.
        rows: the names of the columns, then the patients.
        places: number of each row in the file.
        place: what these numbers count: line or row.
        read: how the file was read, for messages.

    Returns:
        the patients, indexed by `place`; `attrs["file"]` is the path, and `attrs["read"]` says how it was read.

    Raises:
        InputError: there is no row, a column has no name or the name of another one, or a row has other cells.
    """
    if not rows:
        raise InputError(f"{path} is empty; write a line of column names and a line for each patient")
    header = [name.strip() for name in rows[0]]
    while header and not header[-1]:  # empty columns that a spreadsheet exports
        header.pop()
    faults = [f"{path}: column {name} occurs twice; keep one" for name, n in Counter(header).items() if n > 1 and name]
    faults += [f"{path}: column {i} has no name; name it" for i, name in enumerate(header, 1) if not name]
    width = len(header)
    for number, row in zip(places[1:], rows[1:], strict=True):
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            sentence = (
                f"{path}, {place} {number}: {len(row)} cells under {width} column names; "
                "correct the commas or other separators, and quote a text that contains one"
            )
            faults.append(Fault(sentence, f"{place} {number}"))
    if faults:
        raise InputError(faults)
    index = pd.Index(places[1:], name=place)
    table = pd.DataFrame([row[:width] for row in rows[1:]], columns=header, index=index)
    table.attrs |= {"file": str(path), "read": f"{path.name}, {read}, {len(table)} rows"}
    return table
