"""Values of `results.json` and of configs as text."""

from collections.abc import Iterable, Mapping
from typing import Any

from npc.names import MODELS, NOT_ESTIMABLE, SPLITS
from npc.report.kit.words import with_interval
from npc.report.paper.results import INTERVALS

_TITLES = {**MODELS, **SPLITS}


def worded(value: Any, interval: str = "delong") -> str:
    """One value.

    Args:
        value: a number, a text, a list or a mapping.
        interval: kind of an AUC's, of `INTERVALS`.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return _mapping(value, interval)
    if isinstance(value, list | tuple):
        return ", ".join(worded(one, interval) for one in value)
    return str(value)


def listed(found: Iterable[tuple[tuple[str, ...], Any]], interval: str = "delong") -> str:
    """Values with the names of `Record.find` before them."""
    return "; ".join(
        f"{', '.join(_TITLES.get(name, name) for name in names)}: {worded(value, interval)}"
        if names
        else worded(value, interval)
        for names, value in found
    )


def estimate(value: Mapping[str, Any], interval: str = "delong") -> str:
    """`0.769 (0.694–0.843)`, or why there is none."""
    if value["estimate"] is None:
        return str(value.get("note", NOT_ESTIMABLE))
    limits = value.get(INTERVALS[interval], value.get("ci"))
    if limits is None:
        return f"{value['estimate']:.3f} (interval {NOT_ESTIMABLE})"
    return with_interval(value["estimate"], limits)


def _mapping(value: Mapping[str, Any], interval: str) -> str:
    if "estimate" in value:
        p = value.get("p")
        return estimate(value, interval) + ("" if p is None else f", P = {p:.2g}")
    if "label" in value and "patients" in value:  # a step of the flow; the first number is of all hospitals
        return f"{value['label']} {value['patients'][0]}"
    if "term" in value and "coefficient" in value:
        return f"{value['term']} {value['coefficient']:.4g}"
    return ", ".join(f"{_TITLES.get(name, name)} {worded(one, interval)}" for name, one in value.items())
