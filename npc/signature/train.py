"""From a cohort on disk to a trained signature and its logged predictions."""

import os
from collections.abc import Callable
from contextlib import nullcontext
from shutil import copyfile

import pandas as pd
from omegaconf import DictConfig

from npc.cohort.analysed import analysed
from npc.cohort.cohort import Cohort
from npc.cohort.load import load
from npc.cohort.split import outcome_hash, split_hash
from npc.config import run_folder, run_sequences
from npc.errors import InputError
from npc.imaging.preprocess import Preprocess
from npc.imaging.store import open_store, slices_hash
from npc.phantom.source import oracle
from npc.run.folder import RunFolder
from npc.run.metrics import print_metrics


def train(config: DictConfig, is_poor: Callable[[int, float], bool] | None = None) -> None:
    """Trains what the config asks for, or tells what an earlier run of the same choices gave.

    With `folds` the training patients' out-of-fold risks are written besides.

    Args:
        config: checked choices (`npc.config.check`).
        is_poor: of a search that stops runs early; is told epochs and best AUC of the validation patients.

    Raises:
        InputError: the cohort, its images or the choices cannot be used.
        StoppedError: the run was poor.
    """
    run = RunFolder(run_folder(config))
    sequences = run_sequences(config)
    cohort = load(config.cohort, config.endpoint, sequences)
    patients, exclusions = analysed(cohort, config.endpoint, config.split)
    fewest = int(patients.loc[patients["split"] == "train", "label"].value_counts().min())
    if config.folds > fewest:
        raise InputError(f"folds={config.folds}: the training cohort has only {fewest} patients of one class")
    data = {
        "split": split_hash(patients["split"]),
        "outcome": outcome_hash(patients),
        **{f"store_{sequence}": slices_hash(*_stored(config, cohort, sequence)) for sequence in sequences},
    }
    secondary = _is_secondary_process()
    with nullcontext() if secondary else run.lock():
        # a secondary process starts after the first one has thrown away what force=true replaces
        complete = run.done and (secondary or not config.force)
        if complete and not secondary:
            run.check_same_data(data)
            run.clear_leftovers()
            print_metrics(run.metrics)
            print(f"{run.path} is complete; force=true runs it again")
            if _is_agents(config):
                from npc.signature.loggers import report_complete

                report_complete(config, run)
        if complete and not _wants_folds(config, run):
            return
        slices = [open_store(*_stored(config, cohort, sequence)) for sequence in sequences]

        # OpenMP's threads wait by spinning: where another job shares the cores an update took 3.2 s, not 0.5 s.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        # torch takes seconds to import: only now, when nothing of what was given can be wrong any more
        from npc.signature.fit import fit
        from npc.signature.loggers import open_logger
        from npc.signature.out_of_fold import write_out_of_fold

        if complete:
            pass
        elif secondary:
            fit(config, run, slices, patients, logger=False)
        else:
            run.begin(config, data, patients["split"], exclusions)
            if len(exclusions):
                print(f"left out: {len(exclusions)} patients ({run.path / 'exclusions.csv'})")
            with run.logging(), open_logger(config, run) as (logger, report):
                predictions, metrics = fit(config, run, slices, patients, logger, is_poor)
                metrics["oracle"] = {
                    name: oracle(cohort.root, rows, "label", sequences) for name, rows in patients.groupby("split")
                }
                run.write_results(predictions, metrics, lambda model: copyfile(run.best, model))
                report(predictions, metrics)
                run.finish()
            print_metrics(metrics)
            print(f"written to {run.path}")
        if _wants_folds(config, run):
            with nullcontext() if secondary else run.logging():
                write_out_of_fold(config, run, slices, patients, secondary)
            if not secondary:
                print(f"written to {run.out_of_fold}")


def _wants_folds(config: DictConfig, run: RunFolder) -> bool:
    """Whether refits are asked for that are not there."""
    if not config.folds:
        return False
    return not run.out_of_fold.exists() or pd.read_csv(run.out_of_fold)["fold"].max() != config.folds


def _stored(config: DictConfig, cohort: Cohort, sequence: str) -> tuple:
    """Where one sequence of the cohort lies in the store: the arguments of its functions."""
    roi = config.cohort.roi.get(sequence)
    return config.store, cohort, sequence, Preprocess(**config.preprocess), config.cohort.label, roi


def _is_agents(config: DictConfig) -> bool:
    """Whether a W&B agent asks, whose sweep would lack a run that is passed over."""
    return config.logger.name == "wandb" and "WANDB_SWEEP_ID" in os.environ


def _is_secondary_process() -> bool:
    """Whether a launcher of several processes (Lightning, torchrun, Slurm) started this one as any but the first."""
    return any(int(os.environ.get(name) or 0) > 0 for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID"))
