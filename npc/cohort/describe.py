"""Description of a cohort for `npc cohort check`: figures as a dictionary, and tables made from it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from lifelines import KaplanMeierFitter
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from npc.cohort.clinical import Variable
from npc.cohort.cohort import Cohort
from npc.cohort.studies import image_column
from npc.errors import grouped

SHOWN_GRIDS = 4  # of a sequence; the rarer ones share a row


def describe(
    cohort: Cohort,
    clinical: Sequence[Variable],
    *,
    time: str,
    event: str,
    grids: Mapping[str, list[dict[str, Any]]] | None = None,
    faults: Sequence[str] = (),
) -> dict[str, Any]:
    """The cohort's figures, ready for JSON.

    Args:
        cohort: a checked cohort.
        clinical: its declared variables.
        time: the endpoint's column of months.
        event: the endpoint's column of 0 and 1.
        grids: of the images, by sequence (`npc.imaging.survey`; an argument, since cohort must not import imaging).
        faults: of the images.
    """
    centres = {str(centre): group for centre, group in cohort.patients.groupby("centre", sort=True)}
    return {
        "name": cohort.name,
        "root": str(cohort.root),
        "table": cohort.read,
        "patients": len(cohort.patients),
        "endpoint": event,
        "centres": {centre: _outcome(group, time, event) for centre, group in centres.items()},
        "sequences": {
            centre: {s: int(_images(group, s).notna().sum()) for s in cohort.sequences}
            for centre, group in centres.items()
        },
        "clinical": {
            variable.name: {centre: _summary(group[variable.name], variable) for centre, group in centres.items()}
            for variable in clinical
        },
        "grids": dict(grids or {}),
        "exclusions": cohort.exclusions.to_dict("records"),
        "faults": list(faults),
    }


def tables(described: dict[str, Any], more: Sequence[RenderableType] = ()) -> list[RenderableType]:
    """The figures of `describe` as rich tables, `more` after those of the images; without figures only the faults."""
    parts: list[RenderableType] = [Text(f"Read: {described['table']}")] if described.get("table") else []
    if "centres" in described:
        parts += [_outcome_table(described), _sequence_table(described)]
        parts += [_clinical_table(described)] if described["clinical"] else []
        parts += [_grid_table(described)] if described["grids"] else []
        parts += more
        parts += [Text(f"Left out: {left['patient_id']}: {left['reason']}") for left in described["exclusions"]]
    parts += [Text(f"Warning: {warning}", style="yellow") for warning in grouped(described.get("warnings", []))]
    parts += [Text(f"Fault: {fault}", style="red") for fault in grouped(described["faults"])]
    return parts or [Text("No fault found.")]


def median_follow_up(months: pd.Series, events: pd.Series) -> float | None:
    """Median months of follow-up by the reverse Kaplan-Meier method (Schemper and Smith, 1996).

    None where the median is not reached: too many patients have the event before follow-up ends.
    """
    median = float(KaplanMeierFitter().fit(months, 1 - events).median_survival_time_)
    return median if math.isfinite(median) else None


def _outcome(group: pd.DataFrame, time: str, event: str) -> dict[str, Any]:
    if not {time, event} <= set(group):  # no outcome is known
        return {"patients": len(group)} | dict.fromkeys(("events", "median_follow_up", "first_event", "last_event"))
    at = group.loc[group[event] == 1, time]
    return {
        "patients": len(group),
        "events": len(at),
        "median_follow_up": median_follow_up(group[time], group[event]),
        "first_event": float(at.min()) if len(at) else None,
        "last_event": float(at.max()) if len(at) else None,
    }


def _images(group: pd.DataFrame, sequence: str) -> pd.Series:
    return group.get(image_column(sequence), pd.Series(pd.NA, group.index))


def _summary(values: pd.Series, variable: Variable) -> dict[str, Any]:
    known = values.dropna()
    summary: dict[str, Any] = {"missing": len(values) - len(known)}
    if variable.kind != "continuous":
        return summary | {"counts": {str(level): int(n) for level, n in known.value_counts(sort=False).items()}}
    quartiles = [None if math.isnan(q) else float(q) for q in known.quantile([0.25, 0.5, 0.75])]
    return summary | dict(zip(("q1", "median", "q3"), quartiles, strict=True))


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for i, heading in enumerate(headings):
        table.add_column(escape(heading), justify="right" if i else "left")
    return table


def _months(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _outcome_table(described: dict[str, Any]) -> Table:
    title = f"{escape(described['name'])}: {described['patients']} patients, endpoint {escape(described['endpoint'])}"
    headings = ("centre", "patients", "events", "median follow-up (months)", "events from", "to")
    table = _table(title, *headings)
    for centre, outcome in described["centres"].items():
        times = [_months(outcome[key]) for key in ("median_follow_up", "first_event", "last_event")]
        events = "–" if outcome["events"] is None else str(outcome["events"])
        table.add_row(escape(centre), str(outcome["patients"]), events, *times)
    return table


def _sequence_table(described: dict[str, Any]) -> Table:
    names = list(next(iter(described["sequences"].values()), {}))
    table = _table("Patients with image and outline", "centre", *names)
    for centre, counts in described["sequences"].items():
        table.add_row(escape(centre), *(str(counts[name]) for name in names))
    return table


def _clinical_table(described: dict[str, Any]) -> Table:
    table = _table("Clinical variables: median (quartiles), or patients", "variable", *described["centres"])
    for name, by_centre in described["clinical"].items():
        table.add_row(escape(name), *(escape(_as_text(summary)) for summary in by_centre.values()))
    return table


def _as_text(summary: dict[str, Any]) -> str:
    if "counts" in summary:
        lines = [f"{level} {n}" for level, n in summary["counts"].items()]
    else:
        median, q1, q3 = ("–" if summary[key] is None else f"{summary[key]:g}" for key in ("median", "q1", "q3"))
        lines = [f"{median} ({q1} to {q3})"]
    return "\n".join(lines + ([f"missing {summary['missing']}"] if summary["missing"] else []))


def _grid_table(described: dict[str, Any]) -> Table:
    is_by_index = any(grid["by_index"] for grids in described["grids"].values() for grid in grids)
    by_index = ["outlines by index"] if is_by_index else []
    table = _table("Grids", "sequence", "size", "spacing (mm)", "images", *by_index)
    for sequence, grids in described["grids"].items():
        for grid in grids[:SHOWN_GRIDS]:
            size, spacing = (" x ".join(str(step) for step in grid[key]) for key in ("size", "spacing"))
            counts = [str(grid[key]) for key in ("images", "by_index")]
            table.add_row(escape(sequence), size, spacing, *counts[: 1 + is_by_index])
        if others := grids[SHOWN_GRIDS:]:
            size, spacing = (_ranges([grid[key] for grid in others]) for key in ("size", "spacing"))
            sums = [str(sum(grid[key] for grid in others)) for key in ("images", "by_index")]
            table.add_row(escape(sequence), size, spacing, *sums[: 1 + is_by_index])
    return table


def _ranges(grids: Sequence[Sequence[float]]) -> str:
    """Smallest to largest along each axis."""
    axes = [(min(axis), max(axis)) for axis in zip(*grids, strict=True)]
    return " x ".join(str(low) if low == high else f"{low}-{high}" for low, high in axes)
