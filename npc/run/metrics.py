"""The AUC of a run in each cohort, and the highest possible AUC where the truth is known."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from npc.names import NOT_ESTIMABLE, SPLITS
from npc.terminal import console


def by_split(predictions: pd.DataFrame) -> dict[str, Any]:
    """Patients, events and AUC by split; the AUC is None where a split has one class only.

    Args:
        predictions: with `split`, `label` and `risk`.
    """
    from npc.statistics.delong import auc  # SciPy's distributions take a second, and a finished run needs none

    groups = dict(list(predictions.groupby("split")))
    return {
        "n": {split: len(rows) for split, rows in groups.items()},
        "events": {split: int(rows["label"].sum()) for split, rows in groups.items()},
        "auc": {
            split: auc(rows["label"], rows["risk"]) if rows["label"].nunique() == 2 else None
            for split, rows in groups.items()
        },
    }


def print_metrics(metrics: Mapping[str, Any], title: str) -> None:
    """Prints the table of a run's `metrics.json`."""
    known = any(metrics["oracle"].values())
    table = Table(title=title)
    for column in ("cohort", "patients", "events", "AUC"):
        table.add_column(column, justify="left" if column == "cohort" else "right", no_wrap=True)
    if known:
        table.add_column("oracle:\nimages", justify="right")
        table.add_column("oracle:\nall", justify="right")
    for split, cohort in SPLITS.items():
        if split in metrics["auc"]:
            row = [
                cohort.lower(),
                str(metrics["n"][split]),
                str(metrics["events"][split]),
                _figure(metrics["auc"][split]),
            ]
            if known:
                row += [_figure(metrics["oracle"][split][part]) for part in ("image", "all")]
            table.add_row(*row)
    if known:
        table.caption = "oracle: the highest AUC that is possible given these images, or given the whole truth"
    console().print(table)


def _figure(value: float | None) -> str:
    return NOT_ESTIMABLE if value is None else f"{value:.3f}"
