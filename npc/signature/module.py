"""The signature as a LightningModule."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from npc.errors import InputError
from npc.signature.networks import SignatureNetwork


class SignatureModule(pl.LightningModule):
    """Network, loss and optimizer.

    The arguments are plain values, so that a checkpoint loads with `weights_only=True`.

    Args:
        network: settings, as in `conf/network`.
        optimizer: settings, as in `conf/optimizer`.
        sequences: how many are joined.
        channels: of each sequence, 1 or 3.
        event_weight: of an event in the loss; 1 counts every patient the same.
    """

    def __init__(
        self,
        network: Mapping[str, Any],
        optimizer: Mapping[str, Any],
        sequences: int,
        channels: int,
        event_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.optimizer_settings = dict(optimizer)
        self.network = SignatureNetwork(OmegaConf.create(dict(network)), sequences, channels)  # type: ignore[arg-type]
        self.event_weight = event_weight
        self._validation: list[tuple[Tensor, Tensor]] = []

    def forward(self, x: Tensor) -> Tensor:
        """Risk: the probability of the event, float64 (batch,); the mean where there are several signatures."""
        return torch.sigmoid(self.network(x).double()).mean(dim=1)

    def loss(self, logits: Tensor, label: Tensor) -> Tensor:
        """Binary cross-entropy of each signature, averaged; each of two signatures learns as if it were alone."""
        weight = torch.tensor(self.event_weight, dtype=logits.dtype, device=logits.device)
        return binary_cross_entropy_with_logits(
            logits, label[:, None].to(logits.dtype).expand_as(logits), pos_weight=weight
        )

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """One update."""
        x, label = batch
        loss = self.loss(self.network(x), label)
        if not torch.isfinite(loss):
            raise InputError(
                f"optimizer.lr={self.optimizer_settings['lr']}: training diverged, the loss is {loss.item()} "
                f"in epoch {self.current_epoch + 1}; take a lower rate"
            )
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(label))
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Keeps logits and labels until all are seen."""
        self._validation.append((self.network(batch[0]).double().cpu(), batch[1].cpu()))

    def on_validation_epoch_end(self) -> None:
        """AUC and loss over all validation patients."""
        logits, label = (torch.cat(parts) for parts in zip(*self._validation, strict=True))
        self._validation.clear()
        risk = torch.sigmoid(logits).mean(dim=1)
        if not torch.isfinite(risk).all():
            raise InputError(f"optimizer.lr={self.optimizer_settings['lr']}: training diverged; take a lower rate")
        self.log("val_auc", float(roc_auc_score(label.numpy(), risk.numpy())))
        self.log("val_loss", float(self.loss(logits, label)))

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The rate of update `n` (from 0) is `lr / (1 + decay * n)`, as in Keras 2.1."""
        settings = self.optimizer_settings
        optimizer = instantiate(
            {"_target_": settings["_target_"], **settings["options"]}, self.parameters(), lr=settings["lr"]
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda update: 1 / (1 + settings["decay"] * update))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
