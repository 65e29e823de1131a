import copy
from types import SimpleNamespace

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader, TensorDataset

from npc.signature.callbacks import BestEpoch, RecalibrateBatchNorm


class Epochs:
    """The part of a trainer that BestEpoch uses, with given metrics; each saved file contains its epoch."""

    is_global_zero = True
    should_stop = False
    current_epoch = 0
    max_epochs = 100
    strategy = SimpleNamespace(broadcast=lambda value: value)

    def save_checkpoint(self, path, weights_only=False):
        path.write_text(str(self.current_epoch))

    def run(self, best: BestEpoch, measured: list[tuple[float, float]], start: int = 0) -> int:
        """Epochs from `start` until BestEpoch stops; the number of the last one, -1 for none."""
        self.current_epoch = start
        best.on_train_start(self, None)
        last = start - 1
        for self.current_epoch, (auc, loss) in list(enumerate(measured))[start:]:
            if self.should_stop:
                break
            self.callback_metrics = {"val_auc": torch.tensor(auc), "val_loss": torch.tensor(loss)}
            best.on_validation_end(self, None)
            last = self.current_epoch
        return last


@pytest.mark.parametrize(
    ("measured", "chosen"),
    [
        ([(0.5, 1.0), (0.8, 2.0), (0.7, 0.1)], 1),  # AUC before loss
        ([(0.8, 0.5), (0.8, 0.3), (0.8, 0.4), (0.7, 0.1)], 1),  # then the loss
        ([(0.8, 0.5), (0.8, 0.5)], 0),  # then the first
        ([(0.4, 0.1)], 0),
        ([(0.0, 9.0), (0.0, 8.0)], 1),
    ],
)
def test_best_is_the_highest_auc_then_the_lowest_loss(tmp_path, measured, chosen):
    best = BestEpoch(tmp_path / "best.ckpt", patience=10)
    Epochs().run(best, measured)
    assert best.epoch == chosen
    assert best.path.read_text() == str(chosen)
    assert [file.name for file in tmp_path.iterdir()] == ["best.ckpt"]


def test_checkpoints_of_epochs_that_are_not_better_wait(tmp_path):
    """That of the best epoch never does, and neither does that of the last one."""
    best, due = BestEpoch(tmp_path / "best.ckpt", patience=10, every=1000), []
    trainer = Epochs()
    trainer.max_epochs = 6
    for epoch, auc in enumerate([0.5, 0.4, 0.6, 0.5, 0.7, 0.6]):
        trainer.current_epoch = epoch
        trainer.callback_metrics = {"val_auc": torch.tensor(auc), "val_loss": torch.tensor(1.0)}
        best.on_validation_end(trainer, None)
        due.append(best.is_due)
    assert due == [True, False, True, False, True, True]
    assert best.path.read_text() == "4"


MEASURED = [(0.5, 1.0), (0.9, 1.0), (0.8, 1.0), (0.9, 1.0), (0.9, 1.1), (0.1, 1.0), (1.0, 0.1)]


@pytest.mark.parametrize(("patience", "last"), [(1, 2), (3, 4), (4, 5), (5, 6)])
def test_stops_when_the_best_epoch_is_patience_epochs_ago(tmp_path, patience, last):
    assert Epochs().run(BestEpoch(tmp_path / "best.ckpt", patience), MEASURED) == last


@pytest.mark.parametrize("stopped_after", range(5))
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, stopped_after):
    whole = BestEpoch(tmp_path / "whole.ckpt", patience=3)
    last = Epochs().run(whole, MEASURED)

    first = BestEpoch(tmp_path / "best.ckpt", patience=3)
    Epochs().run(first, MEASURED[: stopped_after + 1])
    torch.save(first.state_dict(), tmp_path / "state")
    second = BestEpoch(tmp_path / "best.ckpt", patience=3)
    second.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    assert Epochs().run(second, MEASURED, start=stopped_after + 1) == last
    assert (second.epoch, second.score) == (whole.epoch, whole.score)
    assert second.path.read_text() == whole.path.read_text()


def test_the_state_before_the_first_epoch_is_restored(tmp_path):
    best = BestEpoch(tmp_path / "best.ckpt", patience=3)
    best.load_state_dict(BestEpoch(tmp_path / "other.ckpt", 1).state_dict())
    assert best.score is None
    assert Epochs().run(best, MEASURED) == 4


class Network(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4, momentum=0.01), torch.nn.AdaptiveAvgPool2d(1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


@pytest.fixture
def loader() -> DataLoader:
    generator = torch.Generator().manual_seed(0)
    return DataLoader(TensorDataset(torch.rand(10, 1, 8, 8, generator=generator) * 5, torch.zeros(10)), 4)


def test_batch_norms_averages_are_recomputed_over_the_training_patients(loader):
    torch.manual_seed(0)
    network = Network()
    by_hand = copy.deepcopy(network)
    with torch.no_grad():
        inputs = [by_hand.layers[0](x) for x, _ in loader]
    update_bn(loader, by_hand)

    network.layers[1].running_mean += 100  # as training leaves it
    weights = [parameter.detach().clone() for parameter in network.parameters()]
    RecalibrateBatchNorm(loader).on_validation_start(SimpleNamespace(), network)
    for name, value in by_hand.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name
    batches = [batch.transpose(0, 1).flatten(1).numpy() for batch in inputs]
    norm = network.layers[1]
    np.testing.assert_allclose(norm.running_mean, np.mean([b.mean(1) for b in batches], axis=0), rtol=1e-5)
    np.testing.assert_allclose(norm.running_var, np.mean([b.var(1, ddof=1) for b in batches], axis=0), rtol=1e-4)
    assert norm.momentum == 0.01
    assert not network.training
    assert all(torch.equal(a, b) for a, b in zip(weights, network.parameters(), strict=True))


@pytest.mark.slow
def test_recalibration_does_not_change_training(default_run, trained):
    """Training uses each batch's own statistics, so its losses are the same with and without."""
    without = trained("network.batch_norm.recalibrate=false")
    assert (without.epochs["train_loss"] == default_run.epochs["train_loss"]).all()
    assert (without.epochs["val_loss"] != default_run.epochs["val_loss"]).all()


def test_the_last_epoch_is_kept_where_no_validation_patient_is_to_decide(tmp_path):
    best = BestEpoch(tmp_path / "best", patience=1, is_last=True)
    assert Epochs().run(best, [(0.9, 0.1), (0.5, 0.9), (0.4, 1.2)]) == 2
    assert (tmp_path / "best").read_text() == "2"
    assert best.epoch == 2
