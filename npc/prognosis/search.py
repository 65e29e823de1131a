"""The runs among which a choice was made, and in what they differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from npc.config import drop_neutral
from npc.names import METHODS
from npc.prognosis.choice import rank
from npc.prognosis.runs import Run, log_losses


@dataclass(frozen=True)
class Search:
    """Two runs or more that were made to choose one of them.

    Attributes:
        method: `deep_learning` or `radiomic`.
        variant: `<sequence>-<slices>`; `all` for the choice among all variants.
        runs: the best one first (`npc.prognosis.choice.rank`).
        others: runs that were judged by other validation patients, and so are left out.
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


def searches(runs: Sequence[Run]) -> list[Search]:
    """By method and variant, where there are two runs or more; then the choice among all variants of a method."""
    found = []
    for method in METHODS:
        of = [run for run in runs if run.method == method]
        variants = sorted({run.variant for run in of})
        for variant in (*variants, "all"):
            here = [run for run in of if variant in (run.variant, "all")]
            if len(here) > 1 and (variant != "all" or len(variants) > 1):
                found.append(_search(method, variant, here))
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
