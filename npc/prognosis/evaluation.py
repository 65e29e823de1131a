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
        auc: by split; of the training cohort apparent, with the risks of the final fit.
        unseen_auc: of the training cohort's out-of-fold risks; None where these are the risks of `auc`.
        classification: sensitivity, specificity, ppv, npv and accuracy, by split.
        survival: high against low risk, by split.
        pooled: the same of all cohorts together, the training cohort among them; also stratified by cohort.
    """

    model: Model
    threshold: float
    cutoffs: Mapping[str, float]
    group: pd.Series
    auc: Mapping[str, AucResult]
    unseen_auc: AucResult | None
    classification: Mapping[str, Mapping[str, Proportion]]
    survival: Mapping[str, Survival]
    pooled: Survival


def evaluate(patients: pd.DataFrame, model: Model, choices: DictConfig) -> ModelResult:
    """Evaluates a model.

    Args:
        patients: `split`, `label`, `time` in months and `event`, indexed by `patient_id`; one without label counts in
            curves, log-rank tests and Cox regressions alone.
        model: of the same patients.
        choices: of `evaluate.py`: `prognosis.cutoff`, `report.bootstrap` and `report.seed`.
    """
    by_split = {str(split): rows for split, rows in patients.groupby("split")}
    labelled = patients[patients["label"].notna()]
    label = labelled["label"].astype(int)
    rows_of = {str(split): rows.index for split, rows in labelled.groupby("split")}
    outcomes = {split: (label[index], model.held_out[index]) for split, index in rows_of.items()}
    threshold = youden_threshold(*outcomes["train"])
    cutoff = cutoffs(model.held_out[labelled.index], labelled["split"], choices.prognosis.cutoff)
    group = groups(model.held_out, patients["split"], cutoff)
    draws = {"draws": choices.report.bootstrap, "seed": choices.report.seed}
    apart = not model.held_out.equals(model.risk)
    return ModelResult(
        model,
        threshold,
        cutoff,
        group,
        {split: auc(label[index], model.risk[index], **draws) for split, index in rows_of.items()},
        auc(*outcomes["train"], **draws) if apart else None,
        {split: classify(*outcome, threshold) for split, outcome in outcomes.items()},
        {split: survival(rows, group[rows.index]) for split, rows in by_split.items()},
        survival(patients, group, strata="split"),
    )
