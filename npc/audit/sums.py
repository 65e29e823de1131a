"""Counts that should add up to the number of patients, percentages to 100, parts to their total."""

from collections.abc import Iterator
from fractions import Fraction

from npc.audit.finding import Finding
from npc.published import Published

CHECK = "sums"


def check(study: Published) -> Iterator[Finding]:
    """Each column of each categorical variable, then the sums that the study's file declares."""
    for place, name, variable in study.variables():
        for column, (cohort, size) in enumerate((name, cohort.n) for name, cohort in study.cohorts.items()):
            cells = [row[column] for row in variable.levels.values()]
            known = [cell for cell in cells if cell is not None]
            if not known or len(known) < len(cells):
                continue
            where = f"{place}, {name}, {cohort}"
            total = sum(cell.count for cell in known)
            if total != size:
                meaning = f"the levels do not add up to the {size} patients of the cohort"
                yield Finding(CHECK, "does not fit", where, f"{total} patients", str(size), meaning)
            percents = [cell.percent for cell in known if cell.percent is not None]
            whole = sum((percent.value for percent in percents), Fraction(0))
            counted = sum(cell.count for cell in known if cell.percent is not None)
            if percents and counted == total and abs(whole - 100) > sum(percent.half for percent in percents):
                meaning = "the percentages do not add up, by more than rounding explains"
                yield Finding(CHECK, "does not fit", where, f"{float(whole):.6g}%", "100%", meaning)
    for declared in study.sums:
        if sum(declared.parts) != declared.total:
            printed = f"{declared.total} = {' + '.join(map(str, declared.parts))}"
            where, would = f"{declared.place}, {declared.what}", str(sum(declared.parts))
            yield Finding(CHECK, "does not fit", where, printed, would, "the parts do not add up to the total")
