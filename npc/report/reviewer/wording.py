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
    """Values with the names of `Record.find` before them; a text that comes again without name is given once."""
    parts = []
    for names, value in found:
        text = worded(value, interval)
        if names:
            parts.append(f"{', '.join(_TITLES.get(name, name) for name in names)}: {text}")
        elif not (isinstance(value, str) and text in parts):
            parts.append(text)
    return "; ".join(parts)


def estimate(value: Mapping[str, Any], interval: str = "delong") -> str:
    """`0.769 (0.694–0.843)`, or why there is none."""
    if value["estimate"] is None:
        return str(value.get("note", NOT_ESTIMABLE))
    limits = value.get(INTERVALS[interval], value.get("ci"))
    if limits is None:
        return f"{value['estimate']:.3f} (interval {NOT_ESTIMABLE})"
    return with_interval(value["estimate"], limits)


def p_value(p: float) -> str:
    """A P value with its own digits, however small."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _mapping(value: Mapping[str, Any], interval: str) -> str:
    if "estimate" in value:
        p = value.get("p")
        return estimate(value, interval) + ("" if p is None else f", P = {p_value(p)}")
    if "label" in value and "patients" in value:  # a step of the flow; the first number is of all hospitals
        return f"{value['label']} {value['patients'][0]}"
    if "term" in value and "coefficient" in value:
        return f"{value['term']} {value['coefficient']:.4g}"
    return ", ".join(_entry(str(name), one, interval) for name, one in value.items() if one is not None)


def _entry(name: str, value: Any, interval: str) -> str:
    if name == "note":
        return str(value)
    text = " to ".join(map(worded, value)) if name == "ci" else worded(value, interval)
    return f"{_TITLES.get(name, name)} {text}"
