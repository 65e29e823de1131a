"""Searches: the runs among which one was chosen, how far the best stands out, and what it is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from npc.names import METHODS
from npc.prognosis.choice import Choice, rank
from npc.prognosis.estimable import estimated
from npc.prognosis.predictions import log_losses
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable
from npc.statistics.delong import delong
from npc.statistics.optimism import Chance, Worth, chance, worth

ALL = "all"  # stands for the variant of a choice among all variants


@dataclass(frozen=True)
class Search:
    """Two runs or more that were made to choose one of them.

    Attributes:
        method: of `npc.names.METHODS`.
        variant: `<sequence>-<slices>`; `all` for the choice among all variants.
        runs: the best one first (`npc.prognosis.choice.rank`).
        others: number of runs with other patients, splits or outcomes, which are left out.
    """

    method: str
    variant: str
    runs: tuple[Run, ...]
    others: int

    @property
    def label(self) -> np.ndarray:
        """Of the internal validation cohort, (patients,)."""
        return self._validation()[0]["label"].to_numpy()

    @property
    def risks(self) -> np.ndarray:
        """By the runs, (patients, runs)."""
        return np.stack([rows["risk"].to_numpy() for rows in self._validation()], axis=1)

    @property
    def losses(self) -> np.ndarray:
        """By the runs, (patients, runs); finite, for weights that are 0 shall multiply them."""
        label = self.label
        return np.minimum(np.stack([log_losses(label, risk) for risk in self.risks.T], axis=1), 1e9)

    def _validation(self) -> list[pd.DataFrame]:
        return [_validation(run) for run in self.runs]


@dataclass(frozen=True)
class StandardError:
    """How far the best run stands out.

    Attributes:
        se: DeLong's standard error of its AUC; 0 for an AUC of 1.
        within: runs whose AUC is no more than that below the best, the best among them.
        note: what a reader must know about it.
    """

    se: float
    within: int
    note: str | None = None


@dataclass(frozen=True)
class Setting:
    """A run of a search.

    Attributes:
        run: one of the search's.
        choices: those that differ between the runs, by dotted key.
    """

    run: Run
    choices: Mapping[str, Any]


@dataclass(frozen=True)
class SearchResult:
    """A search and what its choice is worth; all figures are of the internal validation cohort.

    Attributes:
        search: the runs.
        standard_error: of the best.
        worth: AUC of the choice, on patients who took no part in it.
        chance: AUC of the best if outcomes are permuted.
        settings: of all runs, the best first; none of a choice among all variants.
    """

    search: Search
    standard_error: StandardError | NotEstimable
    worth: Worth | NotEstimable
    chance: Chance | NotEstimable
    settings: tuple[Setting, ...]

    @property
    def best(self) -> Run:
        """The run that was chosen."""
        return self.search.runs[0]

    @property
    def optimism(self) -> float | NotEstimable:
        """AUC of the best less that of the choice."""
        return self.worth if isinstance(self.worth, NotEstimable) else self.best.auc - self.worth.estimate


def judge(choice: Choice, *, draws: int, seed: int) -> tuple[SearchResult, ...]:
    """Every search of a choice, and what it is worth.

    Args:
        choice: among the finished runs.
        draws: of the bootstrap, and permutations.
        seed: of the draws.
    """
    return tuple(_judge(search, draws, seed) for search in searches(choice))


def _judge(search: Search, draws: int, seed: int) -> SearchResult:
    label, risks = search.label, search.risks
    differences = [] if search.variant == ALL else differing(search.runs)
    return SearchResult(
        search,
        estimated(_standard_error, label, risks, [run.auc for run in search.runs]),
        estimated(worth, label, risks, search.losses, draws=draws, seed=seed),
        estimated(chance, label, risks, draws=draws, seed=seed),
        tuple(Setting(run, choices) for run, choices in zip(search.runs, differences, strict=False)),
    )


def _standard_error(label: np.ndarray, risks: np.ndarray, aucs: Sequence[float]) -> StandardError:
    se = float(np.sqrt(delong(label, risks[:, 0]).covariance[0, 0]))
    if np.isnan(se):
        raise NotEstimable("one patient of a class gives no variance")
    note = None if se else f"an AUC of {aucs[0]:g} has no variance; those that reach it are counted"
    return StandardError(se, sum(auc >= aucs[0] - se for auc in aucs), note)


def searches(choice: Choice) -> list[Search]:
    """By method and variant, where there are two runs or more; then the choice among all variants of a method."""
    found = []
    for method in METHODS:
        variants = sorted({run.variant for run in choice.runs if run.method == method})
        for variant in (*variants, ALL):
            compared, others = (
                [run for run in runs if run.method == method and variant in (run.variant, ALL)]
                for runs in (choice.runs, choice.left_out)
            )
            if len(compared) > 1 and (variant != ALL or len(variants) > 1):
                found.append(Search(method, variant, tuple(sorted(compared, key=rank)), len(others)))
    return found


def _validation(run: Run) -> pd.DataFrame:
    return run.predictions[run.predictions["split"] == "validation"].sort_index()


def differing(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The choices that are not the same in all runs, of each run, by dotted key."""
    choices = [run.choices() for run in runs]
    keys = sorted({key for one in choices for key in one})
    varied = [key for key in keys if any(one.get(key) != choices[0].get(key) for one in choices)]
    return [{key: one.get(key) for key in varied} if one else {} for one in choices]
