"""The headline figure of a report against chance: outcomes permuted among the held-out patients of each hospital."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from omegaconf import DictConfig
from scipy.stats import rankdata

from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.concordance import concordance
from npc.statistics.inputs import both_classes
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


def headline(patients: pd.DataFrame, name: str, risk: pd.Series, report: DictConfig) -> Headline:
    """Permutes outcomes as a whole (label, time and event of a patient together); the risks stay what they are.

    Args:
        patients: `split`, `centre`, `label`, `time` and `event`, indexed by `patient_id`; one without label counts in
            the concordance alone.
        name: of the model.
        risk: its risk of all patients.
        report: `permutations` and `seed`.
    """
    split = "test" if (patients["split"] == "test").any() else "validation"
    rows = patients[patients["split"] == split].sort_index()  # the order of the table decides on nothing
    return Headline(
        name,
        split,
        rows["centre"].nunique(),
        {figure: estimated(_null, figure, rows, risk[rows.index], report) for figure in FIGURES},
    )


def _null(figure: str, rows: pd.DataFrame, risk: pd.Series, report: DictConfig) -> Null:
    rows = rows[rows["label"].notna()] if figure == "auc" else rows
    moved = permuted_within(rows["centre"].astype(str), report.permutations, report.seed)
    # a permutation of the risks is the inverse one of the outcomes
    order = np.column_stack([np.arange(len(rows)), moved])
    if figure == "auc":
        return null(_aucs(rows["label"].to_numpy() == 1, rankdata(risk[rows.index])[order]))
    return null(concordance(rows["time"], rows["event"], risk[rows.index].to_numpy()[order]).estimate)


def _aucs(event: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    both_classes(event, "an AUC")
    cases, controls = event.sum(), (~event).sum()
    return (ranks[event].sum(axis=0) - cases * (cases + 1) / 2) / (cases * controls)
