"""The best run of each method, slice mode and series in each cohort, with the paper's figure beside it (Table 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npc.names import BOTH, METHODS, SLICES, SPLITS
from npc.prognosis.discrimination import AucResult, auc
from npc.prognosis.runs import Run
from npc.published import Published

_PRINTED = {"train": "training", "validation": "validation", "test": "test"}  # the published file's names of cohorts
_SERIES = {frozenset({"cet1"}): "cet1", frozenset({"t2"}): "t2", frozenset({"cet1", "t2"}): BOTH}  # of the paper


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


def variants(
    runs: Sequence[Run], sequences: Sequence[str], published: Published, *, draws: int, seed: int
) -> tuple[Variant, ...]:
    """A variant for each run, ordered by method and slice mode.

    Args:
        runs: the best of each variant.
        sequences: of the cohort.
        published: the paper.
        draws: of the bootstrap.
        seed: of the draws.
    """
    methods, slices = list(METHODS), [*SLICES]

    def place(run: Run) -> tuple[int, int]:
        return methods.index(run.method), slices.index(run.slices) if run.slices in slices else len(slices)

    return tuple(_variant(run, sequences, published, draws, seed) for run in sorted(runs, key=place))


def _variant(run: Run, sequences: Sequence[str], published: Published, draws: int, seed: int) -> Variant:
    by_split = {split: rows for split in SPLITS if len(rows := run.predictions[run.predictions["split"] == split])}
    read = sequences if run.sequence == BOTH else run.sequence.split("+")
    printed = published.auc("Table 3", f"{run.method}/{_SERIES.get(frozenset(read))}-{run.slices}")
    return Variant(
        run,
        {split: auc(rows["label"], rows["risk"], draws=draws, seed=seed) for split, rows in by_split.items()},
        {split: cell.text for split, name in _PRINTED.items() if (cell := printed.get(name))},
    )
