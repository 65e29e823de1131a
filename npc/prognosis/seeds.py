"""Spread over training seeds: finished runs that differ in their seed alone, and how far their figures lie apart.

Initial weights, order and augmentation depend on the seed. What one run shows beyond the spread over seeds is luck.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from npc.config.key import unread
from npc.names import SPLITS
from npc.prognosis.choice import Choice, rank
from npc.prognosis.estimable import estimated, readable
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable
from npc.statistics.concordance import concordance
from npc.statistics.delong import delong
from npc.statistics.spread import Spread, spread

_SEEDS = ("seed", "ensemble.seeds")


@dataclass(frozen=True)
class Seeds:
    """Runs of a variant that differ in their seed alone.

    Attributes:
        runs: by seed.
        seeds: of each run; of an ensemble several.
        chosen: the run of the variant that the report takes, if it is one of these.
        auc: of the label, by split; of the training cohort apparent.
        harrell: concordance, in the same way.
    """

    runs: tuple[Run, ...]
    seeds: tuple[tuple[int, ...], ...]
    chosen: Run | None
    auc: Mapping[str, Spread | NotEstimable]
    harrell: Mapping[str, Spread | NotEstimable]

    @property
    def name(self) -> str:
        """`<method>/<variant>`."""
        return f"{self.runs[0].method}/{self.runs[0].variant}"


def over_seeds(patients: pd.DataFrame, choice: Choice) -> tuple[Seeds, ...]:
    """All such runs: of the signature of the combined model first, then those that hold a chosen run.

    Args:
        patients: `split`, `label`, `time` and `event`, indexed by `patient_id`; one without label counts in the
            concordance alone, and only where all of the runs predicted it.
        choice: among the finished runs; a run without readable `config.yaml` takes no part.
    """
    together: dict[str, list[tuple[tuple[int, ...], Run]]] = {}
    for run in sorted(choice.runs, key=rank):
        if choices := run.choices():
            seed, others = _parted(choices, run.method)
            key = json.dumps([run.method, run.variant, others], sort_keys=True, default=str)
            together.setdefault(key, []).append((seed, run))
    used = {run.path for run in choice.used}
    found = [
        _seeds(patients, sorted(of, key=lambda one: one[0]), used)
        for of in together.values()
        if len({seed for seed, _ in of}) > 1
    ]
    return tuple(sorted(found, key=lambda one: (choice.lead not in one.runs, one.chosen is None)))


def _parted(choices: Mapping[str, Any], method: str) -> tuple[tuple[int, ...], dict[str, Any]]:
    """The seeds of a run, and its other choices, without those that its method does not read."""
    others_read = unread(method)
    others = {
        key: value for key, value in choices.items() if key.split(".")[0] not in others_read and key not in _SEEDS
    }
    several = choices.get("ensemble.seeds") if method == "ensemble" else None
    return tuple(several or [choices.get("seed", 0)]), others


def _seeds(patients: pd.DataFrame, of: Sequence[tuple[tuple[int, ...], Run]], used: set) -> Seeds:
    runs = tuple(run for _, run in of)
    risks = pd.concat([_risk(run) for run in runs], axis=1, join="inner")
    risks = risks.loc[patients.index.intersection(risks.index)]
    rows = patients.loc[risks.index]
    cohorts = {split: rows[rows["split"] == split] for split in SPLITS if (rows["split"] == split).any()}
    return Seeds(
        runs,
        tuple(seed for seed, _ in of),
        next((run for run in runs if run.path in used), None),
        {split: estimated(partial(_auc, one, risks)) for split, one in cohorts.items()},
        {split: estimated(partial(_harrell, one, risks)) for split, one in cohorts.items()},
    )


def _risk(run: Run) -> pd.Series:
    found = readable(lambda: run.risk)
    return run.predictions["risk"] if isinstance(found, NotEstimable) else found


def _auc(rows: pd.DataFrame, risks: pd.DataFrame) -> Spread:
    labelled = rows[rows["label"].notna()]
    return spread(list(delong(labelled["label"].astype(int), np.asarray(risks.loc[labelled.index])).auc))


def _harrell(rows: pd.DataFrame, risks: pd.DataFrame) -> Spread:
    return spread(list(concordance(rows["time"], rows["event"], risks.loc[rows.index]).estimate))
