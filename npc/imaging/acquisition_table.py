"""Acquisition parameters of a cohort by scanner and sequence: Table 1 of the paper."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from rich import box
from rich.markup import escape
from rich.table import Table

from npc.imaging.acquisition import Acquisition

NOT_KNOWN = "not known"
# Heading of each column of Table 1, and the attribute with its values.
COLUMNS = {
    "TR (ms)": "tr",
    "TE (ms)": "te",
    "NEX": "averages",
    "FOV (mm)": "field_of_view",
    "acquisition matrix": "acquired",
    "reconstructed matrix": "reconstructed",
    "slice thickness (mm)": "thickness",
    "spacing between slices (mm)": "gap",
}


def by_scanner(acquisitions: Iterable[tuple[str, Acquisition]]) -> list[dict[str, Any]]:
    """Rows of Table 1, ready for JSON.

    Args:
        acquisitions: sequence and parameters of each image.

    Returns:
        For each scanner (`vendor` and `field` in tesla, None where not known) and sequence: `patients`, and for each
        parameter its smallest and largest value, of those with two sides along each side; None where it is not known
        for any image. Sorted by scanner; its sequences in the given order.
    """
    groups: dict[tuple[str | None, float | None, str], list[Acquisition]] = {}
    order: dict[str, int] = {}
    for sequence, acquisition in acquisitions:
        order.setdefault(sequence, len(order))
        groups.setdefault((acquisition.vendor, acquisition.field, sequence), []).append(acquisition)
    ranked = sorted(groups, key=lambda key: (key[0] is None, key[0] or "", key[1] is None, key[1] or 0, order[key[2]]))
    return [
        {
            **dict(zip(("vendor", "field", "sequence"), key, strict=True)),
            "patients": len(groups[key]),
            **{name: _range([getattr(image, name) for image in groups[key]]) for name in COLUMNS.values()},
        }
        for key in ranked
    ]


def as_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows as Table 1 prints them; all cells are text."""
    return pd.DataFrame(
        [
            {
                "scanner": _scanner(row),
                "N": str(row["patients"]),
                "sequence": row["sequence"],
                **{heading: _as_text(row[name]) for heading, name in COLUMNS.items()},
            }
            for row in rows
        ]
    )


def shown(rows: Sequence[dict[str, Any]]) -> list[Table]:
    """The rows for a terminal of 80 columns: a table for each scanner, with a column for each sequence."""
    tables = []
    printed = as_table(rows)
    for scanner in printed["scanner"].unique() if rows else ():
        block = printed[printed["scanner"] == scanner]
        title = f"Acquisition, scanner {scanner}" if scanner == NOT_KNOWN else f"Acquisition, {scanner}"
        table = Table(title=escape(title), title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("")
        for sequence in block["sequence"]:
            table.add_column(escape(sequence), justify="right", overflow="fold")
        for name, heading in {"N": "patients", **{heading: heading for heading in COLUMNS}}.items():
            table.add_row(heading, *block[name])
        tables.append(table)
    return tables


def _range(values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    if not known:
        return None
    if isinstance(known[0], tuple):
        return [[min(side), max(side)] for side in zip(*known, strict=True)]
    return [min(known), max(known)]


def _scanner(row: dict[str, Any]) -> str:
    if row["vendor"] is None and row["field"] is None:
        return NOT_KNOWN
    field = f"field {NOT_KNOWN}" if row["field"] is None else f"{row['field']:g}T"
    return f"{field} {row['vendor'] or f'vendor {NOT_KNOWN}'}"


def _as_text(values: Any) -> str:
    """4, 440–600, 200 × 200 – 250 × 250 (smallest and largest along each side)."""
    if values is None:
        return NOT_KNOWN
    if isinstance(values[0], list):
        low, high = (" × ".join(f"{side[end]:g}" for side in values) for end in (0, 1))
    else:
        low, high = (f"{value:g}" for value in values)
    return low if low == high else f"{low} – {high}" if "×" in low else f"{low}–{high}"
