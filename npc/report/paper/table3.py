"""Table 3: AUC of each method, slice mode and series in each cohort, with the paper's figure beside it."""

from collections.abc import Sequence

import pandas as pd

from npc.prognosis.runs import Run
from npc.published import Published
from npc.report.kit.names import COHORTS, METHODS, SLICES, series
from npc.report.paper.results import Figures, auc, auc_in_words

_PRINTED = {"train": "training", "validation": "validation", "test": "test"}


def figures(runs: Sequence[Run], published: Published, *, draws: int, seed: int) -> list[Figures]:
    """`table3` of results.json, a row a method, slice mode and series.

    Args:
        runs: the best of each variant.
        published: the paper.
        draws: of the bootstrap.
        seed: of the draws.
    """
    rows = []
    for run in runs:
        sequence, slices = run.variant.rsplit("-", 1)
        printed = published.auc("Table 3", f"{run.method}/{run.variant}")
        splits = [split for split in COHORTS if (run.predictions["split"] == split).any()]
        rows.append({
            "method": run.method, "slices": slices, "sequence": sequence, "run_key": run.key,
            "auc": {split: auc(*_outcome(run, split), draws=draws, seed=seed) for split in splits},
            "paper": {split: cell.text for split, name in _PRINTED.items() if (cell := printed.get(name))},
        })  # fmt: skip
    order = {name: i for i, name in enumerate([*METHODS, *SLICES])}
    return sorted(rows, key=lambda row: (order[row["method"]], order.get(row["slices"], 9)))


def table(rows: Sequence[Figures], ci: str) -> pd.DataFrame:
    """The same as it is printed: each cell with the paper's figure in brackets."""
    return pd.DataFrame(
        [
            {
                "Method": METHODS[row["method"]],
                "Slices": SLICES.get(row["slices"], row["slices"]),
                "Image series": series(row["sequence"]),
                **{
                    f"{COHORTS[split]} [paper]": f"{auc_in_words(cell, ci)} [{row['paper'].get(split, '–')}]"
                    for split, cell in row["auc"].items()
                },
            }
            for row in rows
        ]
    )


def _outcome(run: Run, split: str) -> tuple[pd.Series, pd.Series]:
    rows = run.predictions[run.predictions["split"] == split]
    return rows["label"], rows["risk"]
