"""A model in every cohort: AUC, classification and risk groups by what was fixed on the training cohort."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from omegaconf import DictConfig

from npc.prognosis.discrimination import AucResult, auc
from npc.prognosis.groups import cutoffs, groups
from npc.prognosis.models import Model
from npc.prognosis.survival import Survival, survival
from npc.statistics.classification import Proportion, classify, youden_threshold


@dataclass(frozen=True)
class ModelResult:
    """What is known about one model.

    Attributes:
        model: with the risk of every patient.
        threshold: Youden's, of the training cohort; a risk above it is classified as an event.
        cutoffs: of the risk groups, by split.
        group: low or high risk of each patient, ordered categories.
        auc: by split.
        classification: sensitivity, specificity, ppv, npv and accuracy, by split.
        survival: high against low risk, by split.
        pooled: the same of all cohorts together, the training cohort among them; also stratified by cohort.
    """

    model: Model
    threshold: float
    cutoffs: Mapping[str, float]
    group: pd.Series
    auc: Mapping[str, AucResult]
    classification: Mapping[str, Mapping[str, Proportion]]
    survival: Mapping[str, Survival]
    pooled: Survival


def evaluate(patients: pd.DataFrame, model: Model, choices: DictConfig) -> ModelResult:
    """Evaluates a model.

    Args:
        patients: `split`, `label`, `time` in months and `event`, indexed by `patient_id`.
        model: of the same patients.
        choices: of `evaluate.py`: `prognosis.cutoff`, `report.bootstrap` and `report.seed`.
    """
    by_split = {str(split): rows for split, rows in patients.groupby("split")}
    outcomes = {split: (rows["label"], model.risk[rows.index]) for split, rows in by_split.items()}
    threshold = youden_threshold(*outcomes["train"])
    cutoff = cutoffs(model.risk, patients["split"], choices.prognosis.cutoff)
    group = groups(model.risk, patients["split"], cutoff)
    draws, seed = choices.report.bootstrap, choices.report.seed
    return ModelResult(
        model,
        threshold,
        cutoff,
        group,
        {split: auc(*outcome, draws=draws, seed=seed) for split, outcome in outcomes.items()},
        {split: classify(*outcome, threshold) for split, outcome in outcomes.items()},
        {split: survival(rows, group[rows.index]) for split, rows in by_split.items()},
        survival(patients, group, strata="split"),
    )
