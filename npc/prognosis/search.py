"""Searches: the runs among which one was chosen, how far the best stands out, and what it is worth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from npc.config.key import drop_neutral
from npc.names import METHODS
from npc.prognosis.choice import rank
from npc.prognosis.estimable import estimated
from npc.prognosis.runs import Run, log_losses
from npc.statistics import NotEstimable
from npc.statistics.delong import delong
from npc.statistics.optimism import Chance, Worth, chance, worth

ALL = "all"  # stands for the variant of a choice among all variants


@dataclass(frozen=True)
class Search:
    """Two runs or more that were made to choose one of them.

    Attributes:
        method: `deep_learning` or `radiomic`.
        variant: `<sequence>-<slices>`; `all` for the choice among all variants.
        runs: the best one first (`npc.prognosis.choice.rank`).
        others: number of runs with other validation patients, which are left out.
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
        chance: AUC of the best if outcomes are shuffled.
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


def judge(runs: Sequence[Run], *, draws: int, seed: int) -> tuple[SearchResult, ...]:
    """Every search among the runs, and what its choice is worth.

    Args:
        runs: all finished ones.
        draws: of the bootstrap, and permutations.
        seed: of the draws.
    """
    return tuple(_judge(search, draws, seed) for search in searches(runs))


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


def searches(runs: Sequence[Run]) -> list[Search]:
    """By method and variant, where there are two runs or more; then the choice among all variants of a method."""
    found = []
    for method in METHODS:
        of = [run for run in runs if run.method == method]
        variants = sorted({run.variant for run in of})
        for variant in (*variants, ALL):
            compared = [run for run in of if variant in (run.variant, ALL)]
            if len(compared) > 1 and (variant != ALL or len(variants) > 1):
                found.append(_search(method, variant, compared))
    return found


def _search(method: str, variant: str, runs: Sequence[Run]) -> Search:
    ordered = sorted(runs, key=rank)
    patients = _validation(ordered[0])["label"]
    same = [run for run in ordered if _validation(run)["label"].equals(patients)]
    return Search(method, variant, tuple(same), len(ordered) - len(same))


def _validation(run: Run) -> pd.DataFrame:
    return run.predictions[run.predictions["split"] == "validation"].sort_index()


def differing(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The choices that are not the same in all runs, of each run, by dotted key.

    A run that another program wrote without `config.yaml` has none.
    """
    choices = [dict(_flat(_choices(run.path / "config.yaml"))) for run in runs]
    keys = sorted({key for one in choices for key in one})
    varied = [key for key in keys if any(one.get(key) != choices[0].get(key) for one in choices)]
    return [{key: one.get(key) for key in varied} if one else {} for one in choices]


def _choices(path: Path) -> dict[str, Any]:
    """That can change the numbers."""
    try:
        choices = yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError):
        return {}
    if not isinstance(choices, dict):
        return {}
    drop_neutral(choices)
    return choices


def _flat(choices: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in choices.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
