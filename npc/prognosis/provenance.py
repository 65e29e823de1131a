"""Where every figure of an analysis comes from, and which cohort fixed what."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from npc import __version__
from npc.config.key import drop_neutral
from npc.config.values import plain
from npc.prognosis.runs import Run

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "lifelines", "scikit-learn")


@dataclass(frozen=True)
class RunUsed:
    """A run from which figures come.

    Attributes:
        run_key: its name.
        method: of `npc.names.METHODS`.
        variant: `<sequence>-<slices>`.
        validation_auc: of the internal validation cohort.
        validation_loss: log loss of the same; None where the risk is no probability.
        predictions_sha256: of `predictions.csv`.
        data: hashes of split, outcome and images, where the run has them.
        encoder: name, source, licence, input size and normalisation, of a frozen-encoder signature.
    """

    run_key: str
    method: str
    variant: str
    validation_auc: float
    validation_loss: float | None
    predictions_sha256: str
    data: Mapping[str, Any] | None
    encoder: Mapping[str, Any] | None


@dataclass(frozen=True)
class Provenance:
    """Software, data, rules and choices.

    Attributes:
        npc: version.
        packages: versions.
        cohort: name.
        endpoint: the choices that can change a number.
        patients: by split.
        runs: the best of each variant.
        runs_looked_at: finished runs among which they were chosen.
        runs_unfinished: folders without `DONE`.
        rules: which cohort fixed what, and how.
        choices: `prognosis` and `report`.
    """

    npc: str
    packages: Mapping[str, str]
    cohort: str
    endpoint: Mapping[str, Any]
    patients: Mapping[str, int]
    runs: tuple[RunUsed, ...]
    runs_looked_at: int
    runs_unfinished: int
    rules: Mapping[str, str]
    choices: Mapping[str, Any]


def provenance(
    choices: DictConfig,
    patients: pd.DataFrame,
    left_out: pd.DataFrame,
    used: Sequence[Run],
    looked_at: int,
    unfinished: int,
) -> Provenance:
    """Gathers it.

    Args:
        choices: of `evaluate.py`.
        patients: with `split`, `label` and `event`.
        left_out: who has no label, or is not analysed, with the `reason`.
        used: the runs from which figures come.
        looked_at: number of finished runs.
        unfinished: number of others.
    """
    given = plain(choices)
    drop_neutral(given)
    return Provenance(
        __version__,
        {name: version(name) for name in PACKAGES},
        choices.cohort.name,
        given["endpoint"],
        {str(split): len(rows) for split, rows in patients[patients["label"].notna()].groupby("split")},
        tuple(_used(run) for run in used),
        looked_at,
        unfinished,
        _rules(choices) | _landmark(choices, patients, left_out),
        {name: given[name] for name in ("prognosis", "report")},
    )


def _used(run: Run) -> RunUsed:
    digest = hashlib.sha256((run.path / "predictions.csv").read_bytes()).hexdigest()
    loss = None if run.loss == float("inf") else run.loss
    return RunUsed(run.key, run.method, run.variant, run.auc, loss, digest, run.data(), run.encoder())


def _landmark(choices: DictConfig, patients: pd.DataFrame, left_out: pd.DataFrame) -> dict[str, str]:
    """Who is counted where the label is an event before a landmark, if a patient was censored before it."""
    if choices.endpoint.kind != "landmark":
        return {}
    early = f"censored before month {choices.endpoint.months:g}"
    kept, lost = int(patients["label"].isna().sum()), int((left_out["reason"] == early).sum())
    rules = {}
    if kept:
        rules["landmark"] = (
            f"patients {early} ({kept}) are in curves, log-rank tests and Cox regressions; AUCs, thresholds and "
            "regressions on the label leave them out"
        )
    elif lost:
        rules["landmark"] = (
            f"patients {early} ({lost}) are in no figure, so survival reads too low; a run predicts them if it is made "
            "again: train.py with force=true"
        )
    return rules


def _rules(choices: DictConfig) -> dict[str, str]:
    unseen = ", by out-of-fold risks where a run has them" if choices.prognosis.signature == "out_of_fold" else ""
    return {
        "run of a variant": "highest AUC, then lowest log loss, then run key, on the validation cohort",
        "signature": "the best variant by the same rule",
        "clinical variables": f"univariate P < {choices.prognosis.significance:g} on the training cohort",
        "regressions": "fitted on the training cohort",
        "threshold": f"Youden on the training cohort{unseen}",
        "cut-off": {
            "training": f"median risk of the training cohort, frozen{unseen}; above it is high",
            "own": "each cohort's own median (replication)",
            "pooled": "median of all cohorts (replication)",
        }[choices.prognosis.cutoff],
        "AUC interval": {
            "delong": "DeLong, cut to [0, 1]",
            "logit": "DeLong on the logit scale",
            "bootstrap": f"percentiles of {choices.report.bootstrap} bootstrap draws, stratified by label",
        }[choices.report.ci],
        "intervals": "95%",
        "ties": "a tie counts one half in an AUC; Efron's in Cox regression",
    }
