"""What each choice of input and method is worth: the best run of every variant against the chosen signature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from npc.names import SPLITS
from npc.prognosis.estimable import estimated
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable
from npc.statistics.delong import Comparison, delong
from npc.statistics.holm import holm


@dataclass(frozen=True)
class Paired:
    """A variant against the reference, on the same patients of a cohort.

    Attributes:
        test: paired DeLong test of the AUCs, variant minus reference.
        p_holm: corrected for all variants of the cohort that have a test (Holm); None without one.
    """

    test: Comparison | NotEstimable
    p_holm: float | None

    @property
    def ci(self) -> tuple[float, float] | None:
        """95% limits of the difference; None without a test, or where it has no variance."""
        if isinstance(self.test, NotEstimable) or self.test.z == 0:
            return None
        half = float(norm.ppf(0.975)) * self.test.difference / self.test.z
        return self.test.difference - half, self.test.difference + half


@dataclass(frozen=True)
class Ablation:
    """A variant.

    Attributes:
        run: its best.
        against: the reference, by cohort; not the training cohort, whose risks a run has seen.
    """

    run: Run
    against: Mapping[str, Paired]


@dataclass(frozen=True)
class Ablations:
    """All variants against one.

    Attributes:
        reference: the run that the report takes for its signature.
        variants: the others.
    """

    reference: Run
    variants: tuple[Ablation, ...]


def ablations(reference: Run, runs: Sequence[Run]) -> Ablations:
    """Compares variants on the same patients.

    Args:
        reference: chosen on the internal validation cohort, where the comparison therefore favours it.
        runs: the best of each variant, the reference among them.
    """
    others = [run for run in runs if run.path != reference.path]
    cohorts = [split for split in SPLITS if split != "train" and (reference.predictions["split"] == split).any()]
    by_split = {split: _paired(reference, others, split) for split in cohorts}
    return Ablations(
        reference,
        tuple(Ablation(run, {split: found[i] for split, found in by_split.items()}) for i, run in enumerate(others)),
    )


def _paired(reference: Run, others: Sequence[Run], split: str) -> list[Paired]:
    rows = reference.predictions[reference.predictions["split"] == split]
    tests = [estimated(_test, rows["label"], run.predictions["risk"].loc[rows.index], rows["risk"]) for run in others]
    return [Paired(test, p) for test, p in zip(tests, holm(tests), strict=True)]


def _test(label: object, variant: object, reference: object) -> Comparison:
    return delong(np.asarray(label), np.column_stack([np.asarray(variant), np.asarray(reference)])).compare(0, 1)
