"""Table 2: the characteristics of the cohorts as they are printed."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from npc.names import NOT_ESTIMABLE
from npc.prognosis.characteristics import Characteristic, Summary
from npc.report.kit.words import p_of


def table(characteristics: Sequence[Characteristic], splits: Mapping[str, str], tests: str) -> pd.DataFrame:
    """A row a variable, and one for each of its levels.

    Args:
        characteristics: in order.
        splits: titles of the cohorts.
        tests: whose P value is printed, `paper` or `methods`.
    """
    rows = [row for one in characteristics for row in _rows(one, splits, tests)]
    columns = ["Characteristic", *splits.values(), "P value"]
    return pd.DataFrame(rows, columns=columns).fillna("")


def _rows(one: Characteristic, splits: Mapping[str, str], tests: str) -> Iterator[dict[str, str]]:
    title, p = one.variable.title, p_of(one.tests[tests])
    if one.summary is not None:
        cells = {splits[split]: _mean(summary) for split, summary in one.summary.items()}
        yield {"Characteristic": f"{title}, mean (range)", **cells, "P value": p}
    if one.counts is not None:
        yield {"Characteristic": title, "P value": p}
        for level, counts in one.counts.items():
            cells = {splits[split]: _share(n, one.n[split]) for split, n in counts.items()}
            yield {"Characteristic": f"  {level}", **cells}
        if any(one.missing.values()):
            yield {"Characteristic": "  not known", **{splits[split]: str(n) for split, n in one.missing.items()}}


def _mean(summary: Summary | None) -> str:
    return NOT_ESTIMABLE if summary is None else f"{summary.mean:.2f} ({summary.min:g}–{summary.max:g})"


def _share(count: int, n: int) -> str:
    return f"{count} ({100 * count / n:.2f}%)" if n else "0"
