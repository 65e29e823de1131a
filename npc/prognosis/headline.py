"""The headline figure of a report against chance: outcomes permuted among the held-out patients of each hospital."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from npc.prognosis.estimable import estimated
from npc.prognosis.evaluation import ModelResult
from npc.statistics import NotEstimable
from npc.statistics.concordance import concordance
from npc.statistics.delong import auc
from npc.statistics.permutation import Null, null, permuted_within

FIGURES = {"auc": "AUC", "harrell": "Harrell's concordance"}


@dataclass(frozen=True)
class Headline:
    """Of the first model in the cohort that was held out.

    Attributes:
        model: its name.
        split: `test`, or `validation` where there is no test cohort.
        hospitals: of the cohort; outcomes stay within each.
        figures: by the names of `FIGURES`.
    """

    model: str
    split: str
    hospitals: int
    figures: Mapping[str, Null | NotEstimable]


def headline(patients: pd.DataFrame, results: Mapping[str, ModelResult], report: DictConfig) -> Headline:
    """Permutes outcomes as a whole (label, time and event of a patient together); the risks stay what they are.

    Args:
        patients: `split`, `centre`, `label`, `time` and `event`, indexed by `patient_id`; one without label counts in
            the concordance alone.
        results: of the models, the first first.
        report: `permutations` and `seed`.
    """
    name, result = next(iter(results.items()))
    split = "test" if (patients["split"] == "test").any() else "validation"
    rows = patients[patients["split"] == split].sort_index()  # the order of the table decides on nothing
    return Headline(
        name,
        split,
        rows["centre"].nunique(),
        {figure: estimated(_null, figure, rows, result.model.risk[rows.index], report) for figure in FIGURES},
    )


def _null(figure: str, rows: pd.DataFrame, risk: pd.Series, report: DictConfig) -> Null:
    rows = rows[rows["label"].notna()] if figure == "auc" else rows
    moved = permuted_within(rows["centre"].astype(str), report.permutations, report.seed)
    # a permutation of the risks is the inverse one of the outcomes
    risks = risk[rows.index].to_numpy()[np.column_stack([np.arange(len(rows)), moved])]
    if figure == "auc":
        label = rows["label"].astype(int).to_numpy()
        return null(np.array([auc(label, one) for one in risks.T]))
    return null(concordance(rows["time"], rows["event"], risks).estimate)
