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

from npc.errors import DivergedError
from npc.signature.endpoints import Endpoint, Outcome
from npc.signature.networks import SignatureNetwork


class SignatureModule(pl.LightningModule):
    """Network, endpoint and optimizer.

    The arguments are plain values, so that a checkpoint loads with `weights_only=True`.

    Args:
        network: settings, as in `conf/network`.
        optimizer: settings, as in `conf/optimizer`.
        endpoint: `_target_` and arguments of a class of `npc.signature.endpoints`.
        sequences: number of joined sequences.
        channels: of each sequence, 1 or 3.
    """

    def __init__(
        self,
        network: Mapping[str, Any],
        optimizer: Mapping[str, Any],
        endpoint: Mapping[str, Any],
        sequences: int,
        channels: int,
    ) -> None:
        super().__init__()
        # a checkpoint holds its own weights: it must not need the file of the initial ones
        self.save_hyperparameters({
            "network": {**network, "weights": "scratch"}, "optimizer": dict(optimizer), "endpoint": dict(endpoint),
            "sequences": sequences, "channels": channels,
        })  # fmt: skip
        self.optimizer_settings = dict(optimizer)
        self.endpoint: Endpoint = instantiate(dict(endpoint))
        settings: Any = OmegaConf.create(dict(network))
        self.network = SignatureNetwork(settings, sequences, channels, self.endpoint.outputs)
        self._validation: list[tuple[Tensor, Outcome]] = []

    def forward(self, x: Tensor) -> Tensor:
        """Risk, float64 (batch,); higher means a worse prognosis; the mean if there are several signatures."""
        return self._risk(self.network(x).double())

    def loss(self, output: Tensor, outcome: Outcome) -> Tensor:
        """Mean over the signatures, so that each of two learns as if it were the only one.

        Args:
            output: (batch, signatures, outputs).
            outcome: of the batch.
        """
        return torch.stack([self.endpoint.loss(signature, outcome) for signature in output.unbind(1)]).mean()

    def training_step(self, batch: tuple[Tensor, Outcome], _: int) -> Tensor:
        """One update."""
        x, outcome = batch
        output = self.network(x)
        # half precision is too coarse for months
        loss = self.loss(output.to(torch.promote_types(output.dtype, torch.float32)), outcome)
        if not torch.isfinite(loss):
            raise self._diverged()
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(x))
        return loss

    def validation_step(self, batch: tuple[Tensor, Outcome], _: int) -> None:
        """Collects outputs and outcomes until the end of the epoch."""
        x, outcome = batch
        self._validation.append((self.network(x).double().cpu(), Outcome(*(part.cpu() for part in outcome))))

    def on_validation_epoch_end(self) -> None:
        """AUC and loss over all validation patients."""
        outputs, outcomes = zip(*self._validation, strict=True)
        self._validation.clear()
        output, outcome = torch.cat(outputs), Outcome(*map(torch.cat, zip(*outcomes, strict=True)))
        risk = self._risk(output)
        if not torch.isfinite(risk).all():
            raise self._diverged()
        self.log("val_auc", float(roc_auc_score(outcome.label.numpy(), risk.numpy())))
        self.log("val_loss", float(self.loss(output, outcome)))

    def _risk(self, output: Tensor) -> Tensor:
        return torch.stack([self.endpoint.risk(signature) for signature in output.unbind(1)]).mean(dim=0)

    def _diverged(self) -> DivergedError:
        return DivergedError(
            f"optimizer.lr={self.optimizer_settings['lr']}: training diverged in epoch {self.current_epoch + 1} "
            "(the loss is no longer finite); choose a lower rate"
        )

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The learning rate of update `n` (from 0) is `lr / (1 + decay * n)`, as in Keras 2.1."""
        settings = self.optimizer_settings
        optimizer = instantiate(
            {"_target_": settings["_target_"], **settings["options"]}, self.parameters(), lr=settings["lr"]
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda update: 1 / (1 + settings["decay"] * update))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
