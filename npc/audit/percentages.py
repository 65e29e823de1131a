"""Percentages: they must be those of their counts, and possible for the number of patients."""

from collections.abc import Iterator
from fractions import Fraction

from npc.audit.finding import Finding
from npc.published import Published
from npc.published.printed import Number

CHECK = "percentages"


def check(study: Published) -> Iterator[Finding]:
    """Both the percentages that are printed with a count and those without one."""
    yield from _of_counts(study)
    yield from _alone(study)


def _of_counts(study: Published) -> Iterator[Finding]:
    """Of the cohort or, where values are missing, of the patients with a known value."""
    for place, name, variable in study.variables():
        for column, (cohort, size) in enumerate((name, cohort.n) for name, cohort in study.cohorts.items()):
            cells = {level: row[column] for level, row in variable.levels.items()}
            known = sum(cell.count for cell in cells.values() if cell)
            for level, cell in cells.items():
                if cell is None or cell.percent is None:
                    continue
                if any(total and cell.percent.fits(Fraction(100 * cell.count, total)) for total in (size, known)):
                    continue
                would = f"{cell.count} ({cell.percent.like(Fraction(100 * cell.count, size))}%)"
                fitting = _count(cell.percent, size)
                other = f"is that of {fitting}" if fitting is not None else f"fits no count out of {size}"
                meaning = f"{cell.percent.text}% {other}"
                yield Finding(CHECK, "does not fit", f"{place}, {name}, {level}, {cohort}", cell.text, would, meaning)


def _alone(study: Published) -> Iterator[Finding]:
    for stated in study.percentages:
        where = f"{stated.place}, {stated.what}"
        fitting = {total: _count(stated.printed, total) for total in stated.of}
        fits = [f"{count} of {total}" for total, count in fitting.items() if count is not None]
        misses = [str(total) for total, count in fitting.items() if count is None]
        if not fits:
            nearest = [f"{_near(stated.printed, total)}" for total in stated.of]
            meaning = f"no count out of {_or(misses)} gives it"
            yield Finding(CHECK, "does not fit", where, f"{stated.printed.text}%", _or(nearest), meaning)
        elif misses:
            meaning = f"no count out of {_or(misses)} gives it"
            yield Finding(CHECK, "implied", where, f"{stated.printed.text}%", _or(fits), meaning)


def _count(percent: Number, total: int) -> int | None:
    """The count out of `total` whose percentage rounds to the printed one; None where there is none."""
    count = round(percent.value * total / 100)
    return count if 0 <= count <= total and percent.fits(Fraction(100 * count, total)) else None


def _near(percent: Number, total: int) -> str:
    count = min(max(round(percent.value * total / 100), 0), total)
    return f"{percent.like(Fraction(100 * count, total))}% ({count} of {total})"


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
