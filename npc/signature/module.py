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

from npc.config.method_schema import NetworkConfig, OptimizerConfig
from npc.errors import DivergedError
from npc.signature.endpoints import Endpoint, Outcome
from npc.signature.graphs import Graphed
from npc.signature.networks import SignatureNetwork
from npc.signature.rates import parameter_groups, rate_factor
from npc.signature.sizes import Sized


class SignatureModule(pl.LightningModule):
    """Network, endpoint and optimizer.

    The arguments are plain values, so that a checkpoint loads with `weights_only=True`.

    Args:
        network: settings, as in `conf/network`.
        optimizer: settings, as in `conf/optimizer`.
        endpoint: `_target_` and arguments of a class of `npc.signature.endpoints`.
        sequences: number of joined sequences.
        channels: of each sequence, 1 or 3, or the number of slices that are pooled.
        pooled: whether each slice is encoded by itself (`slices=all`).
        masked: whether patients may lack sequences (`cohort.missing=mask`).
    """

    def __init__(
        self,
        network: Mapping[str, Any],
        optimizer: Mapping[str, Any],
        endpoint: Mapping[str, Any],
        sequences: int,
        channels: int,
        pooled: bool = False,
        masked: bool = False,
    ) -> None:
        super().__init__()
        # a checkpoint holds its own weights: it must not need the file of the initial ones
        self.save_hyperparameters({
            "network": {**network, "weights": "scratch"}, "optimizer": dict(optimizer), "endpoint": dict(endpoint),
            "sequences": sequences, "channels": channels, "pooled": pooled,
            "masked": masked,
        })  # fmt: skip
        # with the defaults of settings that a checkpoint of an older version lacks
        self.optimizer_settings = OptimizerConfig(**optimizer)
        settings: Any = OmegaConf.merge(NetworkConfig, dict(network))
        self.endpoint: Endpoint = instantiate(dict(endpoint))
        self.network = SignatureNetwork(settings, sequences, channels, self.endpoint.outputs, pooled, masked)
        self.graphed: Graphed | None = None  # calls the network in training, if there is one
        self._finite = torch.tensor(True)  # all losses so far
        self._validation: list[tuple[Tensor, Outcome]] = []

    def forward(self, x: Tensor | Sized) -> Tensor:
        """Risk, float64 (batch,); higher means a worse prognosis; the mean if there are several signatures."""
        return self.risk(self.network(x).double())

    def loss(self, output: Tensor, outcome: Outcome) -> Tensor:
        """Mean over the signatures, so that each learns as if it were the only one, from the patients who have it.

        Args:
            output: (batch, signatures, outputs).
            outcome: of the batch.
        """
        signatures = [(signature, outcome) for signature in output.unbind(1)]
        if self.network.masked:
            signatures = [of_present for of in signatures if len((of_present := _present(*of))[0])]
        return torch.stack([self.endpoint.loss(*of) for of in signatures or [(output[:, 0], outcome)]]).mean()

    def training_step(self, batch: tuple[Tensor | Sized, Outcome], _: int) -> Tensor:
        """One update."""
        x, outcome = batch
        output = (self.graphed or self.network)(x)
        # half precision is too coarse for months
        loss = self.loss(output.to(torch.promote_types(output.dtype, torch.float32)), outcome)
        finite = torch.isfinite(loss.detach())
        if loss.device.type == "cpu" and not finite:
            raise self._diverged()
        self._finite = self._finite.to(finite.device) & finite  # a GPU would have to wait for the answer at each step
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(outcome.label))
        return loss

    def validation_step(self, batch: tuple[Tensor | Sized, Outcome], _: int) -> None:
        """Collects outputs and outcomes until the end of the epoch."""
        x, outcome = batch
        self._validation.append((self.network(x).double().cpu(), Outcome(*(part.cpu() for part in outcome))))

    def on_validation_epoch_end(self) -> None:
        """AUC and loss over all validation patients."""
        outputs, outcomes = zip(*self._validation, strict=True)
        self._validation.clear()
        output, outcome = torch.cat(outputs), Outcome(*map(torch.cat, zip(*outcomes, strict=True)))
        risk = self.risk(output)
        if not (self._finite and torch.isfinite(risk).all()):
            raise self._diverged()
        self.log("val_auc", float(roc_auc_score(outcome.label.numpy(), risk.numpy())))
        self.log("val_loss", float(self.loss(output, outcome)))

    def risk(self, output: Tensor) -> Tensor:
        """Mean over the signatures that a patient has; output (batch, signatures, outputs)."""
        risks = torch.stack([self.endpoint.risk(signature) for signature in output.unbind(1)])
        return risks.nanmean(dim=0) if self.network.masked else risks.mean(dim=0)

    def _diverged(self) -> DivergedError:
        return DivergedError(
            f"optimizer.lr={self.optimizer_settings.lr}: training diverged in epoch {self.current_epoch + 1} "
            "(the loss is no longer finite); choose a lower rate"
        )

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimizer, and the schedule that gives each update its rate."""
        settings = self.optimizer_settings
        groups = parameter_groups(self.network, settings.lr, settings.stage_rate)
        optimizer = instantiate({"_target_": settings._target_, **settings.options}, groups, lr=settings.lr)
        updates = 0 if settings.schedule == "decay" else int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate_factor(settings, updates))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _present(signature: Tensor, outcome: Outcome) -> tuple[Tensor, Outcome]:
    """The patients who have the sequence of a signature; of the others its output is NaN."""
    here = ~signature.isnan().any(dim=1)
    return signature[here], Outcome(*(part[here] for part in outcome))
