"""A frozen-encoder signature fitted on the training cohort, its evaluation, and its files in the run folder."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from npc.errors import InputError
from npc.files import write_text
from npc.frozen.regression import VARIANCES, linear, penalised, predict
from npc.run.absent import fill_absent, filled_names, medians
from npc.run.nested import nested_auc, out_of_fold

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrozenSignature:
    """A signature and its evaluation; fulfils `npc.run.method.Fitted`.

    Attributes:
        regression: fitted on the training cohort.
        coefficient: of each feature, by which patients are predicted.
        intercept: the same.
        features: names of the features, in the order of the coefficients.
        encoder: name, source, licence, input size and normalisation.
        predictions: `patient_id`, `split`, `label`, `time`, `event`, `risk`.
        out_of_fold: `fold` and `risk` of the training patients by refits that did not see them.
        nested: `estimate` and `folds`: mean AUC of those risks over the folds, and the AUC of each; or a `note`.
        notes: what a reader must know about the fit.
    """

    regression: Pipeline
    coefficient: np.ndarray
    intercept: float
    features: list[str]
    encoder: Mapping[str, Any]
    predictions: pd.DataFrame
    out_of_fold: pd.DataFrame
    nested: dict[str, Any]
    notes: list[str]

    @property
    def metrics(self) -> dict[str, Any]:
        """The method's own metrics, for `metrics.json`."""
        return {
            "nested_auc": self.nested,
            "encoder": dict(self.encoder),
            "features": len(self.features),
            "penalty": 1 / self.regression["ridge"].best_params_["C"],
            "notes": self.notes,
        }

    def write(self, folder: Path) -> None:
        """Writes `out_of_fold.csv`."""
        write_text(folder / "out_of_fold.csv", self.out_of_fold.to_csv(index_label="patient_id"))

    def save(self, path: Path) -> None:
        """Writes what is needed to predict from a patient's features, as a checkpoint of plain values and tensors."""
        import torch  # takes seconds

        state = {"encoder": dict(self.encoder), "features": self.features, "intercept": self.intercept}
        if filled := medians(self.regression):
            state["absent"] = filled
        torch.save(state | {"coefficient": torch.tensor(self.coefficient, dtype=torch.float64)}, path)


def fit(
    features: pd.DataFrame,
    patients: pd.DataFrame,
    encoder: Mapping[str, Any],
    config: DictConfig,
    may_lack: Sequence[str] = (),
) -> FrozenSignature:
    """Fits on the training cohort and predicts all patients.

    Args:
        features: (patients, features).
        patients: with `split`, `label`, `time`, `event` and the features' index.
        encoder: what `metrics.json` says about it.
        config: of the run.
        may_lack: prefixes of the features that are NaN where a patient lacks their region (`npc.run.absent`).
    """
    training = patients[patients["split"] == "train"].sort_index()
    x, label = features.loc[training.index], training["label"].astype(int)
    kind, choices = config.endpoint.kind, config.encoder
    outcome = training[["time", "event"]].astype(float) if kind == "cox" else None
    regression = penalised(kind, x.shape[1], choices.folds, config.seed)
    fill_absent(regression, x, may_lack)
    # the sum of several threads depends on their number
    with threadpool_limits(limits=1, user_api="blas"):
        risks = out_of_fold(regression, x, label, choices.nested, config.split.seed, outcome)
        regression.fit(x, label if outcome is None else outcome.to_numpy())
        coefficient, intercept = linear(regression)
    names = filled_names(regression, list(x.columns))
    values = features.loc[patients.index, names].fillna(medians(regression)).to_numpy(dtype=float)
    predicted = pd.Series(predict(values, coefficient, intercept, kind), patients.index, name="risk")
    notes = _notes(regression)
    for note in notes:
        log.info("%s", note)
    predictions = patients[["split", "label", "time", "event"]].join(predicted).reset_index(names="patient_id")
    nested = nested_auc(label, risks)
    return FrozenSignature(regression, coefficient, intercept, names, encoder, predictions, risks, nested, notes)


def check_varying(features: pd.DataFrame, training: pd.Index) -> None:
    """Checks that a feature differs between training patients.

    Raises:
        InputError: none does.
    """
    if (features.loc[training].nunique() < 2).all():
        raise InputError(
            f"encoder: each of its {features.shape[1]} features is the same for all {len(training)} training patients, "
            "so no signature can be fitted; choose other weights, another encoder or another input size"
        )


def _notes(regression: Pipeline) -> list[str]:
    support = regression["varying"].get_support()
    notes = []
    if constant := int((~support).sum()):
        notes.append(f"{constant} of {len(support)} features are left out: the same for all training patients")
    if (chosen := regression["ridge"].best_index_) in (0, len(VARIANCES) - 1):
        place = "weakest" if chosen else "strongest"
        notes.append(f"cross-validation chose the {place} penalty of those that were compared")
    return notes
