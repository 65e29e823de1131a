"""Negative controls that are trained: the method of a run on altered images, and on permuted outcomes.

`train.py controls=true permutations=N`; for a finished run `train.py refit=RUN controls=true`. docs/controls.md
"""

import logging
from dataclasses import replace
from shutil import rmtree
from typing import Any, cast

import numpy as np
import pandas as pd
from omegaconf import DictConfig, ListConfig, OmegaConf

from npc.cohort.cohort import Cohort
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.files import make_folder, write_text
from npc.imaging.views import view_sizes
from npc.names import CONTROLS
from npc.run.folder import RunFolder
from npc.run.method import Fitted, method_of
from npc.run.metrics import by_split
from npc.run.tracker import Tracker
from npc.terminal import say

log = logging.getLogger(__name__)
_OUTCOME = ["label", "time", "event"]


def check_processes(config: DictConfig, run: RunFolder) -> None:
    """Controls are trained by one process, which cannot follow a training by several.

    Raises:
        InputError: both are asked for in one call.
    """
    trains = config.method in ("deep_learning", "ensemble") and (config.force or config.folds or not run.done)
    if trains and (config.controls or config.permutations) and _several(config.trainer):
        raise InputError(
            f"controls, permutations: are trained by one process, but trainer.devices={config.trainer.devices} and "
            f"trainer.num_nodes={config.trainer.num_nodes} start several; train the run and its folds "
            f"without them, then without a launcher: python train.py refit={run.path} controls=true"
        )


def write_controls(config: DictConfig, cohort: Cohort, run: RunFolder, patients: pd.DataFrame) -> None:
    """Writes `controls/<control>.csv` (`patient_id,split,risk`) of a finished run for each control that it lacks.

    The method is trained with the run's choices in `controls/<control>/`, where it resumes if it was interrupted, and
    where its out-of-fold risks stay.

    Args:
        config: of the run.
        cohort: of the run.
        run: its folder, locked.
        patients: with `split`, `label`, `time`, `event`.

    Raises:
        InputError: a control can't be trained.
    """
    file = run.path / "outlines.csv"
    several = len(cohort.regions) > 1
    if not file.exists() or (several and "region" not in pd.read_csv(file, nrows=0)):  # a run of an earlier version
        run.write_outlines(view_sizes(config.store, cohort, run_sequences(config), patients.index))
    for number, control in enumerate(CONTROLS, start=1):
        folder, file = RunFolder(run.controls / control), run.controls / f"{control}.csv"
        if not file.exists():
            with run.logging():
                log.info("control %s (%d of %d)", control, number, len(CONTROLS))
                fitted = _fit(of_one_process(config), replace(cohort, control=control), folder, patients)
            write_text(file, fitted.predictions[["patient_id", "split", "risk"]].to_csv(index=False))
            say(f"written to {file}")
        make_folder(folder.path)
        folder.clear_leftovers()
        method_of(of_one_process(config), replace(cohort, control=control), folder).refit(patients)


def write_permutations(config: DictConfig, cohort: Cohort, run: RunFolder, patients: pd.DataFrame) -> None:
    """Writes `controls/outcomes.csv` (`permutation,split,auc`): the AUCs of signatures that learned nothing true.

    Each is trained with the run's choices on the outcomes of `permuted`. Its validation AUC is of the permuted
    outcomes, by which its epoch was chosen; its test AUC is of the true ones.

    Args:
        config: of the run; `permutations` is their number.
        cohort: of the run.
        run: its folder, locked.
        patients: with `split`, `label`, `time`, `event`.

    Raises:
        InputError: `controls/outcomes.csv` can't be read.
    """
    file, choices = run.controls / "outcomes.csv", of_one_process(config, nested=2)
    found = _read_permutations(run)
    for number in range(1, config.permutations + 1):
        if number in found["permutation"].to_numpy():
            continue
        folder = RunFolder(run.controls / "outcomes" / str(number))
        with run.logging():
            log.info("permuted outcomes %d of %d", number, config.permutations)
            fitted = _fit(choices, cohort, folder, permuted(patients, config.split.seed, number))
        aucs = by_split(fitted.predictions)["auc"]
        rows = [{"permutation": number, "split": split, "auc": aucs[split]} for split in aucs if split != "train"]
        found = pd.concat([found, pd.DataFrame(rows)]) if len(found) else pd.DataFrame(rows)
        write_text(file, found.to_csv(index=False))
        rmtree(folder.path, ignore_errors=True)
    rmtree(run.controls / "outcomes", ignore_errors=True)


def permuted(patients: pd.DataFrame, seed: int, number: int) -> pd.DataFrame:
    """The patients with the outcomes of others of their own cohort; the test patients keep theirs.

    Args:
        patients: with `split`, `label`, `time`, `event`; an outcome moves as a whole.
        seed: of the run.
        number: of the permutation. The order of the patients has no influence.
    """
    rng, found = np.random.default_rng([seed, number]), patients.copy()
    for split in ("train", "validation"):
        rows = patients.index[patients["split"] == split].sort_values()
        found.loc[rows, _OUTCOME] = patients.loc[rng.permutation(rows), _OUTCOME].set_axis(rows)
    return found


def _fit(config: DictConfig, cohort: Cohort, folder: RunFolder, patients: pd.DataFrame) -> Fitted:
    """The steps of a run, without its records."""
    method = method_of(config, cohort, folder)
    failures = method.inputs(patients).failures
    if lost := sorted(patients.index.intersection(list(failures))):
        raise InputError(
            f"{folder.path}: the image of {len(lost)} patients can't be used in this control ({lost[0]}: "
            f"{failures[lost[0]]}); leave them out of the run by cohort.exclude"
        )
    method.prepare(patients)
    make_folder(folder.path)
    return method.fit(patients, Tracker(folder))


def of_one_process(config: DictConfig, **radiomics: Any) -> DictConfig:
    """The choices of the run for one process, without refits that only describe a radiomic signature.

    Args:
        config: of the run.
        radiomics: other choices of a radiomic signature.
    """
    trainer = {"devices": 1, "num_nodes": 1, "strategy": "auto"} if _several(config.trainer) else {}
    own = {"trainer": trainer, "radiomics": {"bootstrap": 0, **radiomics}}
    return cast(DictConfig, OmegaConf.merge(config, own))


def _several(trainer: DictConfig) -> bool:
    """Whether the choices ask for several processes."""
    devices = trainer.devices
    one = len(devices) == 1 if isinstance(devices, ListConfig) else str(devices) == "1"
    return not one or trainer.num_nodes > 1


def _read_permutations(run: RunFolder) -> pd.DataFrame:
    file = run.controls / "outcomes.csv"
    if not file.exists():
        return pd.DataFrame(columns=["permutation", "split", "auc"])
    try:
        table = pd.read_csv(file, float_precision="round_trip")
        return table[["permutation", "split", "auc"]]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{file} can't be read ({error}); delete it, and the permutations are made again") from None
