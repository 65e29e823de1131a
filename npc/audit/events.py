"""Numbers of events that are consistent with the printed AUCs.

With n1 patients with and n0 without the event, an AUC counts pairs, ties as half: it is a multiple of 1 / (2 n1 n0).
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from scipy import stats

from npc.audit.finding import Finding
from npc.published import Published
from npc.published.printed import Number

CHECK = "events"
# A number of events is implied if, for random AUCs, fewer numbers than this are expected to fit as many of them.
MOST_BY_CHANCE = 0.01


def check(study: Published) -> Iterator[Finding]:
    """Each cohort separately; n1 and n0 can't be distinguished, since the formula is symmetric in them."""
    for cohort, size in study.cohorts.items():
        cells = [(place, model, cell.estimate) for place, model, name, cell in study.cells() if name == cohort]
        different = list({(number.value, number.half): number for _, _, number in cells}.values())
        if not different:
            continue
        if size.events is not None:
            yield from _misfits(cells, cohort, size.n, [size.events], f"{size.events} events are printed")
            continue
        fits = _fits_by_events(different, size.n)
        most = max(fits.values(), default=0)
        best = [n1 for n1, count in fits.items() if count == most]
        if most == 0:
            meaning = f"no number of events among {size.n} patients gives it"
            yield from _misfits(cells, cohort, size.n, best, meaning)
            continue
        if most < len(different):
            meaning = (
                f"no number of events fits all {len(different)} different AUCs; {_ranges(best)} fits {most} of them"
            )
            yield from _misfits(cells, cohort, size.n, best, meaning)
        where = f"{cohort}, number of events"
        if len(best) < len(fits) and _expected_by_chance(different, size.n, most) < MOST_BY_CHANCE:
            next_best = max((count for count in fits.values() if count < most), default=0)
            meaning = f"{most} of {len(different)} different AUCs are multiples of 1/(2 n1 n0) for it"
            meaning += f", for any other number {next_best} at most"
            yield Finding(CHECK, "implied", where, "not printed", _ranges(best), meaning)
        else:
            meaning = f"the AUCs fit {_ranges(best)}, which are too many to decide between them"
            yield Finding(CHECK, "note", where, "not printed", "", meaning)


def _misfits(
    cells: list[tuple[str, str, Number]], cohort: str, n: int, numbers: list[int], meaning: str
) -> Iterator[Finding]:
    """The AUCs that fit none of these numbers of events."""
    for place, model, auc in cells:
        if not any(_fits(auc, n, n1) for n1 in numbers):
            near = sorted({auc.like(_nearest(auc, n, n1)) for n1 in numbers if 0 < n1 < n})
            yield Finding(
                CHECK, "does not fit", f"{place}, {model}, {cohort}", auc.text, " or ".join(near) or "none", meaning
            )


def _fits_by_events(aucs: list[Number], n: int) -> dict[int, int]:
    """How many of the AUCs each number of events fits."""
    finest = min(auc.half for auc in aucs)
    half = {
        # where the multiples are closer than the rounding, every AUC fits; this keeps a million patients to a second
        n1: len(aucs) if 4 * n1 * (n - n1) * finest >= 1 else sum(_fits(auc, n, n1) for auc in aucs)
        for n1 in range(1, n // 2 + 1)
    }
    return {n1: half[min(n1, n - n1)] for n1 in range(1, n)}


def _expected_by_chance(aucs: list[Number], n: int, most: int) -> float:
    """Expected count of numbers of events that fit `most` AUCs or more, if the AUCs were drawn uniformly."""
    width = float(2 * max(auc.half for auc in aucs))
    steps = (2 * n1 * (n - n1) for n1 in range(1, n))
    return float(stats.binom.sf(most - 1, len(aucs), [min(1.0, step * width) for step in steps]).sum())


def _fits(auc: Number, n: int, n1: int) -> bool:
    return 0 < n1 < n and auc.fits(_nearest(auc, n, n1))


def _nearest(auc: Number, n: int, n1: int) -> Fraction:
    steps = 2 * n1 * (n - n1)
    return Fraction(min(max(round(auc.value * steps), 0), steps), steps)


def _ranges(numbers: list[int]) -> str:
    """`3 to 6 or 9` for 3, 4, 5, 6 and 9."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    parts = [str(start) if start == end else f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]
    return " or ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
