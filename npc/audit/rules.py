"""Rules that the study's file declares, such as stages that follow from T and N."""

import operator
from collections.abc import Iterator
from fractions import Fraction

from npc.audit.finding import Finding
from npc.published import Published
from npc.published.printed import Number

CHECK = "rules"
_SIGNS = {"=": operator.eq, "<=": operator.le, ">=": operator.ge}


def check(study: Published) -> Iterator[Finding]:
    """Each rule in each cohort where all its figures are printed; means are compared within their rounding."""
    rows = {name: (place, cells) for name, place, cells in study.named_rows()}
    for declared in study.rules:
        relation = declared.rule
        for column, cohort in enumerate(study.cohorts):
            left = {term: rows[term][1][column] for term in relation.left}
            right = {term: rows[term][1][column] for term in relation.right}
            figures = [cell for cell in (*left.values(), *right.values()) if cell is not None]
            if len(figures) < len(left) + len(right):
                continue
            difference = _sum(left) - _sum(right)
            slack = sum(cell.half for cell in figures)
            holds = _SIGNS[relation.sign](difference, 0) or abs(difference) <= slack
            if not holds:
                where = f"{rows[relation.left[0]][0]}, {cohort}"
                printed = ", ".join(f"{term} {cell.text}" for term, cell in (left | right).items() if cell)
                meaning = f"{declared.why}; the sides differ by {float(abs(difference)):g}"
                yield Finding(CHECK, "does not fit", where, printed, relation.text, meaning)


def _sum(side: dict[str, Number | None]) -> Fraction:
    return sum((cell.value for cell in side.values() if cell is not None), Fraction(0))
