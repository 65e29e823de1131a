"""A radiomic signature fitted on the training cohort, its evaluation, and its files in the run folder."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline

from npc.config.method_schema import CHAIN
from npc.files import write_text
from npc.radiomics.selection.chain import notes
from npc.radiomics.stability import BootstrapRefits, bootstrap_refits
from npc.run.method import UNLABELLED
from npc.run.metrics import by_split
from npc.run.nested import nested_auc, out_of_fold

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FittedSignature:
    """A signature and its evaluation; fulfils `npc.run.method.Fitted`.

    Attributes:
        pipeline: fitted on the training cohort.
        predictions: `patient_id`, `split`, `label`, `time`, `event`, `risk`.
        out_of_fold: `fold` and `risk` of the training patients by refits that did not see them.
        nested: `estimate` and `folds`: mean AUC of those risks over the folds, and the AUC of each; or a `note`.
        refits: a row a refit of the whole selection beyond these, which tell how optimistic the choice is: `refit`
            (`fold` of a further repeat, or `bootstrap`), its `number`, `auc` of the fold or the sample, and
            `auc_training` of all training patients (of the bootstrap).
        selection: a row for each feature: `feature`, `dropped_by` (the step; empty if it is in the signature),
            `reason`, `chosen` (share of the bootstrap refits).
        correlation: Spearman's, of the signature's features in the training cohort.
        filled: notes on patients for whom a feature is not defined and the median is used.
    """

    pipeline: Pipeline
    predictions: pd.DataFrame
    out_of_fold: pd.DataFrame
    nested: dict[str, Any]
    refits: pd.DataFrame
    selection: pd.DataFrame
    correlation: pd.DataFrame
    filled: list[str]

    @property
    def metrics(self) -> dict[str, Any]:
        """The method's own metrics, for `metrics.json`."""
        return {"nested_auc": self.nested, "features": len(self.correlation)}

    def signature(self) -> dict[str, Any]:
        """The signature in plain values, for `signature.json`."""
        last = self.pipeline[-1]
        share = {
            name: None if pd.isna(value) else value for name, value in self.selection[["feature", "chosen"]].values
        }
        return {
            "chain": [name for name in self.pipeline.named_steps if name in CHAIN],
            "intercept": float(last.intercept_[0]),
            "features": [
                {
                    "name": str(name),
                    "coefficient": float(weight),
                    "chosen": share[name],
                }
                for name, weight in zip(self.correlation, last.coef_[0, last.support_], strict=True)
            ],
            "steps": [
                {"step": name, "kept": len(self.pipeline[: at + 1].get_feature_names_out())}
                for at, (name, _) in enumerate(self.pipeline.steps[:-1])
            ],
            "notes": [*notes(self.pipeline), *self.filled],
            "nested_auc": self.nested,
            "apparent_auc": by_split(self.predictions)["auc"]["train"],
        }

    def write(self, folder: Path) -> None:
        """Writes `signature.json`, `selection.csv`, `correlation.csv`, `out_of_fold.csv` and `refits.csv`."""
        write_text(folder / "signature.json", json.dumps(self.signature(), indent=2) + "\n")
        write_text(folder / "selection.csv", self.selection.to_csv(index=False))
        write_text(folder / "correlation.csv", self.correlation.to_csv(index_label="feature"))
        write_text(folder / "out_of_fold.csv", self.out_of_fold.to_csv(index_label="patient_id"))
        write_text(folder / "refits.csv", self.refits.to_csv(index=False))

    def save(self, path: Path) -> None:
        """Writes what is needed to predict from a patient's features, as a checkpoint of plain values and tensors."""
        import torch  # takes seconds

        last = self.pipeline[-1]
        state: dict[str, Any] = {
            "intercept": float(last.intercept_[0]),
            "features": list(self.correlation),
        }
        state["coefficient"] = torch.tensor(last.coef_[0, last.support_], dtype=torch.float64)
        fill = self.pipeline["guard"].median_
        state["median"] = torch.tensor([fill[name] for name in state["features"]], dtype=torch.float64)
        if "harmonise" in self.pipeline.named_steps:
            state["combat"] = self.pipeline["harmonise"].state(state["features"])
        torch.save(state, path)


def fit(pipeline: Pipeline, features: pd.DataFrame, patients: pd.DataFrame, config: DictConfig) -> FittedSignature:
    """Fits on the training cohort and predicts all patients.

    Args:
        pipeline: not fitted.
        features: (patients, features), NaN where not defined.
        patients: with `split`, `label`, `time`, `event` and the features' index.
        config: of the run.
    """
    training = patients[patients["split"] == "train"].sort_index()
    x, label = features.loc[training.index], training["label"].astype(int)
    pipeline.fit(x, label)
    kept = [str(name) for name in pipeline[:-1].get_feature_names_out()[pipeline[-1].support_]]
    log.info("%d of %d features in the signature: %s", len(kept), x.shape[1], ", ".join(kept) or "none")
    filled = _filled(features, kept)
    for note in [*notes(pipeline), *filled]:
        log.info("%s", note)
    # apart: a sum over other rows may round otherwise
    lost = patients["split"] == UNLABELLED
    parts = [features[rows] for rows in (~lost, lost) if rows.any()]
    risk = pd.concat(pd.Series(pipeline.predict_proba(of)[:, 1], of.index, name="risk") for of in parts)
    predictions = patients[["split", "label", "time", "event"]].join(risk).reset_index(names="patient_id")
    risks = out_of_fold(pipeline, x, label, config.radiomics.nested, config.split.seed)
    drawn = bootstrap_refits(pipeline, x, label, config.radiomics.bootstrap, config.seed)
    return FittedSignature(
        pipeline,
        predictions,
        risks,
        nested_auc(label, risks),
        _refits(pipeline, x, label, config, drawn),
        _selection(pipeline, drawn.share),
        x[kept].corr("spearman"),
        filled,
    )


def _refits(
    pipeline: Pipeline, x: pd.DataFrame, label: pd.Series, config: DictConfig, drawn: BootstrapRefits
) -> pd.DataFrame:
    folds = []
    for repeat in range(2, config.radiomics.repeats + 1):
        risks = out_of_fold(pipeline, x, label, config.radiomics.nested, config.split.seed + repeat)
        folds += [(repeat, auc) for auc in nested_auc(label, risks)["folds"]]
    table = pd.DataFrame(folds, columns=["number", "auc"]).assign(refit="fold", auc_training=float("nan"))
    bootstrap = drawn.aucs.assign(refit="bootstrap", number=range(1, len(drawn.aucs) + 1))
    parts = [part for part in (table, bootstrap) if len(part)] or [table]
    return pd.concat(parts, ignore_index=True)[["refit", "number", "auc", "auc_training"]]


def _filled(features: pd.DataFrame, kept: list[str]) -> list[str]:
    """Notes on patients for whom a feature of the signature is not defined and the median is used."""
    lacking = features[kept].isna()
    return [
        f"{name} is not defined for {', '.join(map(str, lacking.index[lacking[name]]))}: the training cohort's median "
        "is used"
        for name in kept
        if lacking[name].any()
    ]


def _selection(pipeline: Pipeline, share: pd.Series) -> pd.DataFrame:
    """The step that dropped each feature, and the guard's reasons."""
    dropped = pd.Series("", share.index)
    left = set(share.index)
    for at, (name, _) in enumerate(pipeline.steps[:-1]):
        kept = set(pipeline[: at + 1].get_feature_names_out())
        dropped[sorted(left - kept)] = name
        left &= kept
    dropped[sorted(left - set(pipeline[:-1].get_feature_names_out()[pipeline[-1].support_]))] = "signature"
    table = pd.DataFrame({"dropped_by": dropped, "reason": "", "chosen": share})
    reasons = pd.Series(pipeline["guard"].reasons_, dtype=object)
    table.loc[reasons.index, "reason"] = reasons
    return table.rename_axis("feature").reset_index()
