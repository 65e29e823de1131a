"""P values of a baseline table: which test gave them, and whether Methods names it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from npc.audit import candidates
from npc.audit.finding import Finding
from npc.published import Published
from npc.published.printed import PValue
from npc.published.study import PublishedVariable

CHECK = "p_values"


@dataclass(frozen=True)
class Recomputed:
    """One printed P value and that of each test of the counts; `p` is empty where no test can be computed."""

    place: str
    variable: str
    printed: PValue
    p: dict[str, float]

    @property
    def fits(self) -> list[str]:
        """The tests whose P value rounds to the printed one."""
        return [test for test, p in self.p.items() if self.printed.fits(p)]

    def as_text(self, names: Sequence[str]) -> str:
        """P and title of some of the tests."""
        return " or ".join(f"{self.printed.like(self.p[test])} ({candidates.TITLES[test]})" for test in names)


def recompute(study: Published) -> list[Recomputed]:
    """Every printed P value of the baseline tables."""
    return [
        Recomputed(place, name, variable.p, _known(variable))
        for place, name, variable in study.variables()
        if variable.p is not None
    ]


def check(study: Published) -> Iterator[Finding]:
    """Each P value against the tests that Methods names, then the tests that fit all P values of the study."""
    named = [test for test in study.methods.tests if test in candidates.TITLES]
    rows = recompute(study)
    unnamed = 0
    for row in rows:
        where = f"{row.place}, {row.variable}, P value"
        usable = [test for test in named if test in row.p]
        if not row.p or (named and not usable):
            meaning = f"not recomputed: the printed figures do not suffice for a test named in {study.methods.place}"
            yield Finding(CHECK, "note", where, row.printed.text, "", meaning)
        elif "fisher" in named and "fisher" not in row.p and not set(row.fits) & set(named):
            meaning = "undecided: Fisher's exact test is named, but this audit computes it for 2 x 2 tables only"
            yield Finding(CHECK, "note", where, row.printed.text, "", meaning)
        elif not row.fits:
            expected, meaning = row.as_text(usable or list(row.p)), "fits none of the tests that the counts allow"
            yield Finding(CHECK, "does not fit", where, row.printed.text, expected, meaning)
        elif named and not set(row.fits) & set(named):
            unnamed += 1
            meaning = f"fits {row.as_text(row.fits)}, not named in {study.methods.place}"
            yield Finding(CHECK, "does not fit", where, row.printed.text, row.as_text(usable), meaning)
    counted = [row for row in rows if row.p]
    common = [test for test in candidates.TITLES if all(test in row.fits for row in counted)]
    if unnamed and common:
        where = f"{len(counted)} categorical P values"
        printed = ", ".join(row.printed.text for row in counted)
        meaning = f"all {len(counted)} fit it; {unnamed} of them fit no test named in {study.methods.place}"
        yield Finding(
            CHECK, "implied", where, printed, " or ".join(candidates.TITLES[test] for test in common), meaning
        )


def _known(variable: PublishedVariable) -> dict[str, float]:
    rows = [[cell.count for cell in row if cell is not None] for row in variable.levels.values()]
    complete = all(len(row) == len(cells) for row, cells in zip(rows, variable.levels.values(), strict=True))
    return candidates.p_values(np.array(rows)) if rows and complete else {}
