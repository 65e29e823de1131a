"""Negative controls that were trained with a run: its method on altered images, and on permuted outcomes.

`train.py controls=true permutations=N` writes them into `controls/` of the run (npc/run/controls.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from npc.errors import InputError
from npc.names import CONTROLS, SPLITS
from npc.prognosis.controls import Against, against
from npc.prognosis.estimable import estimated, readable
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable
from npc.statistics.delong import auc
from npc.statistics.permutation import permutation_p

_AGAIN = "delete it and train it again: python train.py refit={} {}"


@dataclass(frozen=True)
class TrainedControl:
    """A signature against the same method trained on altered images.

    Attributes:
        against: by split.
        out_of_fold: whether both have out-of-fold risks of the training patients; else both are in-sample there.
    """

    against: Mapping[str, Against]
    out_of_fold: bool


@dataclass(frozen=True)
class PermutedOutcomes:
    """The AUC of a signature among those of the same training on permuted outcomes.

    Attributes:
        auc: their mean.
        difference: of the signature's AUC from this mean.
        p: of an AUC as high as the signature's without any relation of images and outcome.
        permutations: their number.
    """

    auc: float
    difference: float
    p: float
    permutations: int


def trained_controls(patients: pd.DataFrame, run: Run) -> dict[str, TrainedControl | NotEstimable]:
    """The controls of `npc.names.CONTROLS` that the run has, or why one can't be used.

    Args:
        patients: `split` and `label`, indexed by `patient_id`.
        run: of the signature.
    """
    there = [control for control in CONTROLS if _file(run, control).exists()]
    return {control: readable(_trained_control, patients, run, control) for control in there}


def permuted_outcomes(patients: pd.DataFrame, run: Run) -> dict[str, PermutedOutcomes | NotEstimable]:
    """By split; empty where no outcomes were permuted.

    Args:
        patients: `split` and `label`, indexed by `patient_id`.
        run: of the signature.
    """
    file = _file(run, "outcomes")
    if not file.exists():
        return {}
    splits = [split for split in SPLITS if split != "train" and (patients["split"] == split).any()]
    table = readable(_permutations, run, file)
    if isinstance(table, NotEstimable):
        return dict.fromkeys(splits, table)
    return {split: estimated(_permuted, patients[patients["split"] == split], run, table) for split in splits}


def _trained_control(patients: pd.DataFrame, run: Run, control: str) -> TrainedControl:
    file = _file(run, control)
    again = _AGAIN.format(run.path, "controls=true")
    try:
        table = pd.read_csv(file, dtype={"patient_id": str, "split": str}, float_precision="round_trip")
        table = table.set_index("patient_id")[["split", "risk"]].astype({"risk": float})
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{file} can't be read as predictions ({error}); {again}") from None
    theirs = run.predictions["split"]
    if table.index.has_duplicates or not table["split"].sort_index().equals(theirs.sort_index()):
        raise InputError(f"{file}: not the {len(theirs)} patients of the run in the same cohorts; {again}")
    if not np.isfinite(table["risk"]).all():
        raise InputError(f"{file}: a risk is not a finite number; {again}")
    signature, other = run.predictions["risk"].copy(), table["risk"].copy()
    beside = replace(run, path=file.with_suffix(""))  # its out-of-fold risks
    out_of_fold = run.out_of_fold.exists() and beside.out_of_fold.exists()
    if out_of_fold:
        mine, its = run.read_out_of_fold(), beside.read_out_of_fold()
        out_of_fold = mine["fold"].sort_index().equals(its["fold"].sort_index())  # else of networks of other patients
    if out_of_fold:
        signature.update(mine["risk"])
        other.update(its["risk"])
    return TrainedControl(against(patients, signature, other), out_of_fold)


def _permutations(run: Run, file: Path) -> pd.DataFrame:
    again = _AGAIN.format(run.path, "permutations=N")
    try:
        table = pd.read_csv(file, float_precision="round_trip")
        table = table[["permutation", "split", "auc"]].astype({"auc": float})
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{file} can't be read as AUCs of permutations ({error}); {again}") from None
    if table.duplicated(["permutation", "split"]).any() or not table["auc"].dropna().between(0, 1).all():
        raise InputError(f"{file}: an AUC is not between 0 and 1, or is there twice; {again}")
    return table


def _permuted(patients: pd.DataFrame, run: Run, table: pd.DataFrame) -> PermutedOutcomes:
    null = table.loc[table["split"] == patients["split"].iloc[0], "auc"].dropna()
    if null.empty:
        raise NotEstimable("no AUC of a permutation")
    observed = auc(patients["label"], run.predictions["risk"].loc[patients.index])
    mean = float(null.mean())
    return PermutedOutcomes(mean, observed - mean, permutation_p(observed, null), len(null))


def _file(run: Run, name: str) -> Path:
    return run.path / "controls" / f"{name}.csv"
