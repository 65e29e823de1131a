"""Means that are impossible given their range, or given whole numbers."""

from collections.abc import Iterator
from fractions import Fraction

from npc.audit.finding import Finding
from npc.published import Published
from npc.published.printed import Mean

CHECK = "means"


def check(study: Published) -> Iterator[Finding]:
    """One patient has the lowest value and one the highest; the mean of whole numbers is a multiple of 1/n.

    The latter is the GRIM test (Brown and Heathers, Soc Psychol Personal Sci 2017;8:363-369).
    """
    for place, name, variable in study.variables():
        for cell, (cohort, size) in zip(variable.mean, study.cohorts.items(), strict=False):
            if cell is None:
                continue
            where = f"{place}, {name}, {cohort}"
            least, most = _bounds(cell, size.n)
            if not least - cell.mean.half <= cell.mean.value <= most + cell.mean.half:
                would = f"{cell.mean.like(least)} to {cell.mean.like(most)}"
                meaning = f"{size.n} patients with that range cannot have that mean"
                yield Finding(CHECK, "does not fit", where, cell.text, would, meaning)
            nearest = Fraction(round(cell.mean.value * size.n), size.n)
            if variable.whole and not cell.mean.fits(nearest):
                meaning = f"no {size.n} whole numbers have that mean"
                yield Finding(CHECK, "does not fit", where, cell.text, cell.mean.like(nearest), meaning)


def _bounds(cell: Mean, n: int) -> tuple[Fraction, Fraction]:
    """Smallest and largest possible mean of n values with the printed range."""
    low, high = cell.low.value - cell.low.half, cell.high.value + cell.high.half
    return ((n - 1) * low + high) / n, (low + (n - 1) * high) / n
