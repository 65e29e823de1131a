"""Training with Lightning, the choice of the best epoch, and the predictions of all cohorts."""

import logging
import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, which
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from omegaconf import DictConfig
from pytorch_lightning.loggers import CSVLogger, Logger, WandbLogger
from pytorch_lightning.profilers import AdvancedProfiler, SimpleProfiler
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from npc.config.method_schema import AugmentConfig
from npc.config.values import can_be_drawn, plain
from npc.errors import InputError
from npc.files import writing
from npc.imaging.store import Slices
from npc.run.folder import RunFolder
from npc.run.method import ShouldPrune
from npc.run.tracker import Tracker
from npc.signature.callbacks import BestEpoch, EpochLine, FitStandards, NewestEpoch, Prune, RecalibrateBatchNorm
from npc.signature.checkpoints import WholeCheckpoints, is_whole
from npc.signature.data import SliceDataModule
from npc.signature.endpoints import Cox, Hazard, hazard_cuts
from npc.signature.graphs import Graphed
from npc.signature.module import SignatureModule
from npc.signature.networks import SignatureNetwork
from npc.signature.predict import predict
from npc.signature.resident import ResidentDataset
from npc.signature.survival_curves import of_hazards, of_relative_hazards

log = logging.getLogger(__name__)
PROFILERS = {"simple": SimpleProfiler, "advanced": AdvancedProfiler}


@dataclass(frozen=True)
class TrainedNetwork:
    """Fulfils `npc.run.method.Fitted`.

    Attributes:
        predictions: the rows of `predictions.csv`.
        best_epoch: the epoch whose weights predict; the first is 1.
        epochs: number of trained epochs.
        checkpoint: of the best epoch.
        survival: the rows of `survival.csv`; None where the endpoint is no time.
    """

    predictions: pd.DataFrame
    best_epoch: int
    epochs: int
    checkpoint: Path
    survival: pd.DataFrame | None = None

    @property
    def metrics(self) -> dict[str, int]:
        """For `metrics.json`."""
        return {"best_epoch": self.best_epoch, "epochs": self.epochs}

    def save(self, path: Path) -> None:
        """Writes the checkpoint of the best epoch."""
        copyfile(self.checkpoint, path)


def lightning_logger(tracker: Tracker) -> Logger:
    """The logger of the epochs' metrics: the tracked run, or `csv/` in the run folder."""
    if tracker.tracked is None:
        # a resumed run gets a version of its own, so that no logged metrics are lost
        return CSVLogger(tracker.run.path, name="csv")
    return WandbLogger(experiment=tracker.tracked)


def fit(
    config: DictConfig,
    run: RunFolder,
    slices: Sequence[Slices],
    patients: pd.DataFrame,
    logger: Logger | bool,
    should_prune: ShouldPrune | None = None,
) -> TrainedNetwork:
    """Trains on the training patients, chooses the epoch on the validation patients, predicts all patients.

    An interrupted run resumes after the epoch of its newest checkpoint, by default the last finished one, and gives the
    same results as an uninterrupted one.

    Args:
        config: of the run.
        run: the folder for the checkpoints.
        slices: of each sequence.
        patients: with `split`, `label`, `time`, `event`.
        logger: Lightning's.
        should_prune: decides whether to stop the run early, see `npc.run.method.method_of`.

    Raises:
        InputError: training diverged, or the batches are too small for batch norm.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
        StoppedError: the run was pruned.
    """
    _silence_lightning()
    torch.set_num_threads(config.trainer.threads)
    pl.seed_everything(config.seed, workers=True)
    channels = {"max": 1, "three": 3, "all": slices[0].array.shape[1]}[config.slices]
    masked = config.cohort.missing == "mask" and len(slices) > 1
    augment = AugmentConfig(**plain(config.augment))  # read at each batch, which is slow of a config
    data = SliceDataModule(
        slices, patients, channels, config.batch_size, augment, config.seed, **_loading(config), masked=masked
    )
    module = SignatureModule(
        plain(config.network),
        plain(config.optimizer),
        _endpoint(config, patients[patients["split"] == "train"]),
        len(slices),
        channels,
        pooled=config.slices == "all" or (config.slices == "three" and config.network.slices == "pooled"),
        masked=masked,
    )
    if (sizes := data.datasets["train"].sizes) is not None:
        module.network.sizes.fit(sizes)
    if config.network.compile:
        _compile(module)
    choices = config.trainer
    best = BestEpoch(run.best, choices.patience, choices.epoch == "last", choices.checkpoint_every)
    try:
        trainer = _trainer(config, run, data, best, logger, should_prune)
    except Exception as error:  # of many types: Lightning's own, and those of accelerators and strategies
        raise InputError(f"trainer: {error}") from error
    module.graphed = _graphed(config, data, module.network, trainer.world_size)
    try:
        _train(config, run, trainer, module, data)
        module.load_state_dict(torch.load(run.best, map_location="cpu", weights_only=True)["state_dict"])
        risks, outputs = predict(module, data, trainer.strategy.root_device)
    finally:  # before another fit of this process: what a trainer refers to lives until Python looks for cycles
        module.graphed = None
        data.release()
    predictions = patients[["split", "label", "time", "event"]].join(risks)
    return TrainedNetwork(
        predictions.reset_index(names="patient_id"),
        best.epoch + 1,
        trainer.current_epoch,
        run.best,
        _survival(module, predictions, outputs[risks.index.get_indexer(predictions.index)]),
    )


def _train(
    config: DictConfig, run: RunFolder, trainer: pl.Trainer, module: SignatureModule, data: SliceDataModule
) -> None:
    """Trains, from the last finished epoch of an interrupted run; raises as `fit` does."""
    resume = run.last if is_whole(run.last) and is_whole(run.best) else None
    if resume:
        log.info("resuming from %s", resume)
    elif run.last.exists():
        log.info("the checkpoints of an earlier attempt are damaged: starting again")
    try:
        with writing(run.path):  # checkpoints, and the metrics of each epoch
            trainer.fit(module, datamodule=data, ckpt_path=resume, weights_only=True)
    except SystemExit:
        # Lightning ends the process itself on Ctrl-C and SIGTERM; npc.command prints how to resume
        raise KeyboardInterrupt from None
    except MisconfigurationException as error:
        raise InputError(f"trainer: {error}") from None
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise InputError(
            f"batch_size={config.batch_size}: batch norm needs more than one value per channel, and at "
            f"preprocess.size={config.preprocess.size} one patient has only one; choose a larger batch or size"
        ) from None


def _trainer(
    config: DictConfig,
    run: RunFolder,
    data: SliceDataModule,
    best: BestEpoch,
    logger: Logger | bool,
    should_prune: ShouldPrune | None,
) -> pl.Trainer:
    choices = config.trainer
    training = data.plain_dataloader("train")
    callbacks: list[pl.Callback] = [FitStandards(training), best, EpochLine(best)]
    if config.network.batch_norm.recalibrate:
        callbacks.insert(0, RecalibrateBatchNorm(training))
    if should_prune:
        callbacks.append(Prune(best, should_prune))
    callbacks.append(NewestEpoch(run.last, best))
    return pl.Trainer(
        max_epochs=choices.max_epochs,
        accelerator=choices.accelerator,
        devices=choices.devices,
        num_nodes=choices.num_nodes,
        strategy=choices.strategy,
        precision=choices.precision,
        limit_train_batches=choices.limit_train_batches,
        overfit_batches=choices.overfit_batches,
        profiler=PROFILERS[choices.profiler](run.path, "profile") if choices.profiler else None,
        deterministic="warn" if torch.cuda.is_available() else True,
        use_distributed_sampler=False,  # the sampler divides the patients among processes itself
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        enable_progress_bar=sys.stderr.isatty(),
        enable_model_summary=False,
        logger=logger,
        plugins=[WholeCheckpoints()],
        callbacks=callbacks,
    )


def _loading(config: DictConfig) -> dict[str, Any]:
    """Where batches are made."""
    choices = config.trainer
    if choices.resident:
        if not torch.cuda.is_available() or choices.accelerator == "cpu":
            log.info("trainer.resident and trainer.graph have no effect without a CUDA device")
        elif can_be_drawn(config.augment):
            log.info("slices and augmentation are in the memory of the GPU")
            return {"dataset": ResidentDataset}
        else:
            log.info("trainer.resident and trainer.graph have no effect: elastic and noise are computed on the CPU")
    elif choices.graph:
        log.info("trainer.graph has no effect without trainer.resident")
    return {"workers": choices.workers}


def _graphed(config: DictConfig, data: SliceDataModule, network: SignatureNetwork, processes: int) -> Graphed | None:
    """The network whose passes are captured, if that is asked for and possible."""
    if not config.trainer.graph or data.is_moved:  # nothing else may use the GPU while a graph is captured
        return None
    causes = {
        "the network is compiled": config.network.compile,
        "several processes exchange gradients": processes > 1,
        "which slices or sequences are encoded depends on the batch": not network.is_static,
    }
    if cause := next((cause for cause, holds in causes.items() if holds), None):
        log.info("trainer.graph has no effect: %s", cause)
        return None
    log.info("the passes of the network are CUDA graphs")
    return Graphed(network)


def _compile(module: SignatureModule) -> None:
    """Compiles the network in place at its first use; the names of its weights stay as they are."""
    compiler = os.environ.get("CXX", "g++")
    if not which(shlex.split(compiler)[0]):
        raise InputError(
            f"network.compile=true: torch.compile needs a C++ compiler, and there is no {compiler}; "
            "install one (Debian: g++), name it in CXX, or leave network.compile=false"
        )
    module.network.compile()


def _survival(module: SignatureModule, predictions: pd.DataFrame, output: np.ndarray) -> pd.DataFrame | None:
    match module.endpoint:
        case Hazard(cuts):
            return of_hazards(output, cuts, predictions.index)
        case Cox():
            return of_relative_hazards(predictions)
    return None


def _endpoint(config: DictConfig, training: pd.DataFrame) -> dict[str, Any]:
    """The endpoint as plain values; its fitted parts use the training patients alone."""
    match config.endpoint.kind:
        case "cox":
            return {"_target_": "npc.signature.endpoints.Cox"}
        case "hazard":
            cuts = hazard_cuts(training["time"], training["event"], config.endpoint.intervals)
            return {"_target_": "npc.signature.endpoints.Hazard", "cuts": list(cuts)}
    label = training["label"]
    weight = float((label == 0).sum() / (label == 1).sum()) if config.endpoint.class_weight else 1.0
    smoothing = config.endpoint.smoothing
    return {"_target_": "npc.signature.endpoints.Binary", "event_weight": weight, "smoothing": smoothing}


def _silence_lightning() -> None:
    """Silences Lightning's advice on loaders and its banners, which would hide the important lines."""
    for name in ("pytorch_lightning", "lightning.fabric", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric|torch|monai")
    warnings.filterwarnings("default", ".* does not have a deterministic implementation")
