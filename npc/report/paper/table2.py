"""Table 2: the characteristics of the cohorts as they are printed."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from npc.names import NOT_ESTIMABLE
from npc.prognosis.characteristics import Characteristic, Summary
from npc.report.kit.words import p_of, share


def table(characteristics: Sequence[Characteristic], splits: Mapping[str, str], tests: str) -> pd.DataFrame:
    """A row a variable, and one for each of its levels.

    Args:
        characteristics: in order.
        splits: titles of the cohorts.
        tests: whose P value is printed, `paper` or `methods`.
    """
    rows = [row for one in characteristics for row in _rows(one, splits, tests)]
    return pd.DataFrame(rows, columns=["Characteristic", *splits.values(), "P value"]).fillna("")


def headings(characteristics: Sequence[Characteristic], splits: Mapping[str, str]) -> dict[str, str]:
    """By title of a cohort: the title with the number of patients, as a reader of the printed table needs it."""
    first = characteristics[:1]
    return {
        title: f"{title} (n = {one.n[split] + one.missing[split]})" for one in first for split, title in splits.items()
    }


def _rows(one: Characteristic, splits: Mapping[str, str], tests: str) -> Iterator[dict[str, str]]:
    title, p = one.variable.title, p_of(one.tests[tests])
    if one.summary is not None:
        cells = {splits[split]: _mean(summary) for split, summary in one.summary.items()}
        yield {"Characteristic": f"{title}, mean (range)", **cells, "P value": p}
    if one.counts is not None:
        yield {"Characteristic": title, "P value": p}
        for level, counts in one.counts.items():
            cells = {splits[split]: share(n, one.n[split]) for split, n in counts.items()}
            yield {"Characteristic": f"  {level}", **cells}
        if any(one.missing.values()):
            yield {"Characteristic": "  not known", **{splits[split]: str(n) for split, n in one.missing.items()}}


def _mean(summary: Summary | None) -> str:
    if summary is None:
        return NOT_ESTIMABLE
    digits = 1 if abs(summary.mean) >= 10 else 2
    return f"{_digits(summary.mean, digits)} ({_digits(summary.min)}–{_digits(summary.max)})"


def _digits(value: float, decimals: int | None = None) -> str:
    """`52.3`; from 100 000 on whole and grouped, such as the copies of a virus: `1,234,567`."""
    if abs(value) >= 1e5:
        return f"{value:,.0f}"
    return f"{value:g}" if decimals is None else f"{value:.{decimals}f}"
