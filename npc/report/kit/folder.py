"""A report folder: `results.json` with every number, `tables/*.csv`, `figures/*.{png,svg}`."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from npc.files import write_text


def write_results(folder: Path, results: dict[str, Any]) -> None:
    """Writes `results.json`; NaN is refused (ValueError), for a number that does not exist needs a reason in words."""
    write_text(folder / "results.json", json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def write_table(folder: Path, name: str, table: pd.DataFrame) -> None:
    """Writes `tables/<name>.csv`, with full float precision and without the index."""
    write_text(folder / "tables" / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
