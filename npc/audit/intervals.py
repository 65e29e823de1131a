"""Intervals of AUCs: they contain their estimate, lie between 0 and 1, and are symmetric where the method is."""

from collections.abc import Iterator
from fractions import Fraction

from npc.audit.finding import Finding
from npc.published import Published
from npc.published.printed import Auc, Number

CHECK = "intervals"


def check(study: Published) -> Iterator[Finding]:
    """An interval of estimate +- z x standard error is symmetric up to rounding, unless it is clipped at 0 or 1."""
    clipped = 0
    for place, model, cohort, cell in study.cells():
        where = f"{place}, {model}, {cohort}"
        if not 0 <= cell.low.value <= cell.estimate.value <= cell.high.value <= 1:
            meaning = "the estimate is not in its interval, or the interval not between 0 and 1"
            yield Finding(CHECK, "does not fit", where, cell.text, "", meaning)
        elif study.methods.auc_interval == "symmetric" and not _symmetric(cell):
            if _clipped(cell):
                clipped += 1
            else:
                yield Finding(CHECK, "does not fit", where, cell.text, _alternatives(cell), _meaning(cell))
    if clipped:
        meaning = f"{clipped} not symmetric only because they end at 0 or 1, as a clipped interval does"
        yield Finding(CHECK, "note", "intervals", f"{clipped} clipped", "", meaning)


def _symmetric(cell: Auc) -> bool:
    low, middle, high = cell.low, cell.estimate, cell.high
    return abs(low.value + high.value - 2 * middle.value) <= low.half + high.half + 2 * middle.half


def _clipped(cell: Auc) -> bool:
    """Whether the end that is 0 or 1 would lie beyond if the interval were symmetric."""
    low, middle, high = cell.low.value, cell.estimate.value, cell.high.value
    return (high == 1 and high - middle < middle - low) or (low == 0 and middle - low < high - middle)


def _alternatives(cell: Auc) -> str:
    low, middle, high = cell.low.value, cell.estimate.value, cell.high.value
    upper = cell.high.like(min(2 * middle - low, Fraction(1)))
    lower = cell.low.like(max(2 * middle - high, Fraction(0)))
    centre = cell.estimate.like((low + high) / 2)
    bounds = f"{cell.estimate.text} ({cell.low.text}–{upper}), {cell.estimate.text} ({lower}–{cell.high.text})"
    return f"{bounds} or {centre} ({cell.low.text}–{cell.high.text})"


def _meaning(cell: Auc) -> str:
    meaning = "the interval is not symmetric about its estimate; one of the three numbers does not fit the others"
    centre = Number("", (cell.low.value + cell.high.value) / 2, (cell.low.half + cell.high.half) / 2)
    if abs(centre.value - (1 - cell.estimate.value)) <= centre.half + cell.estimate.half:
        meaning += f"; its middle is 1 - {cell.estimate.text}, the AUC of the reversed direction"
    return meaning
