"""Callbacks of the training: batch norm, choice of the epoch, pruning, and a line for the user."""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader

from npc.errors import StoppedError
from npc.signature.filters import Standardised

log = logging.getLogger(__name__)


class RecalibrateBatchNorm(pl.Callback):
    """Recomputes batch norm's running averages over the training cohort before each validation.

    Args:
        loader: training patients, without augmentation.
    """

    def __init__(self, loader: DataLoader) -> None:
        self.loader = loader

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs PyTorch's `update_bn` with the network as it is at the end of this epoch."""
        update_bn(self.loader, pl_module, device=pl_module.device)
        pl_module.eval()


class FitStandards(pl.Callback):
    """Gives each `Standardised` of the network mean and SD of its input over the training cohort.

    Args:
        loader: training patients, without augmentation.
    """

    def __init__(self, loader: DataLoader) -> None:
        self.loader = loader

    @torch.no_grad()
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Before the first update; a run that resumes has them in its checkpoint."""
        layers = [layer for layer in pl_module.modules() if isinstance(layer, Standardised)]
        if trainer.global_step or not layers:
            return
        found: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}
        hooks = [
            layer.register_forward_pre_hook(lambda of, given: found[of].append(given[0][given[1]])) for layer in layers
        ]
        log.info("mean and SD of the features over the training cohort")
        network: Any = pl_module.network
        for x, _ in self.loader:
            network.forward(x.to(pl_module.device))  # not a call: a compiled network may pass over hooks
        for hook in hooks:
            hook.remove()
        for layer in layers:
            if found[layer] and len(x := torch.cat(found[layer])):  # no patient may have a sequence
                layer.fit(x)


class BestEpoch(pl.Callback):
    """Keeps the weights of the best epoch and stops when it is `patience` epochs ago.

    The best epoch has the highest validation AUC, and among ties the lowest validation loss: 19 patients give few
    different AUCs, so ties are common.

    Args:
        path: of the checkpoint.
        patience: epochs to wait for a better one.
        is_last: the newest epoch counts as the best one, whatever its AUC: no validation patient decides.
        every: seconds between two checkpoints of epochs that are not better than those before.

    Attributes:
        is_due: whether this epoch's checkpoints are written, that of the best one (if it is) and the newest one: both
            or neither, so that a run that is killed resumes from two checkpoints that belong together.
    """

    def __init__(self, path: Path, patience: int, is_last: bool = False, every: float = 0.0) -> None:
        self.path, self.patience, self.is_last, self.every = path, patience, is_last, every
        self.is_due, self.written = True, float("-inf")
        self.score: tuple[float, float] | None = None
        self.epoch = -1

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Trains no further epoch of a run that was interrupted after its last one."""
        self._stop_if_waited(trainer, trainer.current_epoch - 1)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compares this epoch with the best one."""
        measured = trainer.callback_metrics
        score = (float(measured["val_auc"]), -float(measured["val_loss"]))
        better = self.score is None or score > self.score
        if better or self.is_last:
            self.score, self.epoch = score, trainer.current_epoch
        self._stop_if_waited(trainer, trainer.current_epoch)
        is_over = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        due = is_over or (better and not self.is_last) or monotonic() - self.written >= self.every
        self.is_due = trainer.strategy.broadcast(due)  # several processes write a checkpoint together
        if self.is_due:
            self.written = monotonic()
            if self.epoch == trainer.current_epoch:
                trainer.save_checkpoint(self.path, weights_only=True)

    def _stop_if_waited(self, trainer: pl.Trainer, finished: int) -> None:
        trainer.should_stop = trainer.should_stop or (self.score is not None and finished - self.epoch >= self.patience)

    def state_dict(self) -> dict[str, Any]:
        """The state that a resumed run needs."""
        return {"score": list(self.score) if self.score else None, "epoch": self.epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state of the interrupted run."""
        self.score = tuple(state_dict["score"]) if state_dict["score"] else None
        self.epoch = state_dict["epoch"]


class NewestEpoch(ModelCheckpoint):
    """Keeps the newest epoch, from which an interrupted run resumes.

    Args:
        path: of the checkpoint.
        best: decides when it is written.
    """

    def __init__(self, path: Path, best: BestEpoch) -> None:
        # without a monitor the newest epoch is kept
        super().__init__(path.parent, path.stem, save_on_train_epoch_end=True, enable_version_counter=False)
        self.best = best

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Writes the checkpoint of this epoch."""
        if self.best.is_due:
            super().on_train_epoch_end(trainer, pl_module)


class Prune(pl.Callback):
    """Ends a run that a search stops early, before its next epoch, when its last checkpoint is written.

    Args:
        best: holds the AUC of the best epoch.
        should_prune: decides, given the number of finished epochs and their highest validation AUC.
    """

    def __init__(self, best: BestEpoch, should_prune: Callable[[int, float], bool]) -> None:
        self.best, self.should_prune = best, should_prune

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Raises StoppedError if the search stops the run."""
        finished = trainer.current_epoch
        if self.best.score is not None and self.should_prune(finished, self.best.score[0]):
            raise StoppedError(finished, self.best.score[0])


class EpochLine(pl.Callback):
    """Logs a line for each epoch, to the terminal and `train.log`."""

    def __init__(self, best: BestEpoch) -> None:
        self.best = best

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Losses, AUC, and the best epoch so far."""
        measured = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if trainer.is_global_zero:
            log.info(
                "epoch %2d/%d  train loss %.4f  validation loss %.4f  validation AUC %.3f  (best: epoch %d)",
                trainer.current_epoch + 1,
                trainer.max_epochs,
                measured["train_loss"],
                measured["val_loss"],
                measured["val_auc"],
                self.best.epoch + 1,
            )
