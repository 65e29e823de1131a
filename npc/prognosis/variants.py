"""The best run of each method, slice mode and series in each cohort, with the paper's figure beside it (Table 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npc.names import METHODS, SLICES, SPLITS
from npc.prognosis.discrimination import AucResult, auc
from npc.prognosis.runs import Run
from npc.published import Published

_PRINTED = {"train": "training", "validation": "validation", "test": "test"}  # the published file's names of cohorts


@dataclass(frozen=True)
class Variant:
    """One variant.

    Attributes:
        run: its best.
        auc: by split.
        paper: what the paper prints, by split, where it prints one.
    """

    run: Run
    auc: Mapping[str, AucResult]
    paper: Mapping[str, str]


def variants(runs: Sequence[Run], published: Published, *, draws: int, seed: int) -> tuple[Variant, ...]:
    """A variant for each run, ordered by method and slice mode.

    Args:
        runs: the best of each variant.
        published: the paper.
        draws: of the bootstrap.
        seed: of the draws.
    """
    methods, slices = list(METHODS), [*SLICES]

    def place(run: Run) -> tuple[int, int]:
        return methods.index(run.method), slices.index(run.slices) if run.slices in slices else len(slices)

    return tuple(_variant(run, published, draws, seed) for run in sorted(runs, key=place))


def _variant(run: Run, published: Published, draws: int, seed: int) -> Variant:
    by_split = {split: rows for split in SPLITS if len(rows := run.predictions[run.predictions["split"] == split])}
    printed = published.auc("Table 3", f"{run.method}/{run.variant}")
    return Variant(
        run,
        {split: auc(rows["label"], rows["risk"], draws=draws, seed=seed) for split, rows in by_split.items()},
        {split: cell.text for split, name in _PRINTED.items() if (cell := printed.get(name))},
    )
