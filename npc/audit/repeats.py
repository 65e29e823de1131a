"""Figures that a study prints more than once, with different values."""

from collections.abc import Iterator

from npc.audit.finding import Finding
from npc.published import Published
from npc.published.printed import Auc

CHECK = "repeats"


def check(study: Published) -> Iterator[Finding]:
    """The AUC of a model in a cohort, where it is printed in more than one place."""
    first: dict[tuple[str, str], tuple[str, Auc]] = {}
    for place, model, cohort, cell in study.cells():
        before, known = first.setdefault((model, cohort), (place, cell))
        pairs = [(cell.estimate, known.estimate), (cell.low, known.low), (cell.high, known.high)]
        if any(abs(one.value - other.value) > one.half + other.half for one, other in pairs):
            where, meaning = f"{place}, {model}, {cohort}", f"{before} prints another value"
            yield Finding(CHECK, "does not fit", where, cell.text, known.text, meaning)
