"""Table 2: the characteristics of the cohorts as they are printed."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from npc.names import NOT_ESTIMABLE, with_signs
from npc.prognosis.characteristics import Characteristic, Summary
from npc.report.kit.words import p_of, share


def table(characteristics: Sequence[Characteristic], splits: Mapping[str, str], tests: str) -> pd.DataFrame:
    """A row a variable, and one for each of its levels.

    Args:
        characteristics: in order.
        splits: titles of the cohorts.
        tests: whose P value is printed, `paper` or `methods`.
    """
    n = {split: one.n[split] + one.missing[split] for one in characteristics[:1] for split in splits}
    headings = {split: f"{title} (n = {n[split]})" if n else title for split, title in splits.items()}
    rows = [row for one in characteristics for row in _rows(one, headings, tests)]
    columns = ["Characteristic", *headings.values(), "P value"]
    return pd.DataFrame(rows, columns=columns).fillna("")


def _rows(one: Characteristic, splits: Mapping[str, str], tests: str) -> Iterator[dict[str, str]]:
    title, p = one.variable.title, p_of(one.tests[tests])
    if one.summary is not None:
        cells = {splits[split]: _mean(summary) for split, summary in one.summary.items()}
        yield {"Characteristic": f"{title}, mean (range)", **cells, "P value": p}
    if one.counts is not None:
        yield {"Characteristic": title, "P value": p}
        for level, counts in one.counts.items():
            cells = {splits[split]: share(n, one.n[split]) for split, n in counts.items()}
            yield {"Characteristic": f"  {with_signs(level)}", **cells}
        if any(one.missing.values()):
            yield {"Characteristic": "  not known", **{splits[split]: str(n) for split, n in one.missing.items()}}


def _mean(summary: Summary | None) -> str:
    if summary is None:
        return NOT_ESTIMABLE
    digits = 1 if abs(summary.mean) >= 10 else 2
    return f"{summary.mean:.{digits}f} ({summary.min:g}–{summary.max:g})"
