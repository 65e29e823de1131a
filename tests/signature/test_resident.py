"""What `trainer=gpu` does: batches that are made on a device equal those of the CPU, and passes that are captured.

No test machine has a GPU. So the device is the CPU here, and in the place of what captures a graph stands what it does
to the network: it runs it several times. benchmarks/gpu.py compares risks on a GPU.
"""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import npc.signature.fit as fitting
from npc.config.loading import compose
from npc.config.method_schema import AugmentConfig
from npc.errors import DivergedError
from npc.run.train import train
from npc.signature.data import SliceDataModule, SliceDataset
from npc.signature.endpoints import Outcome
from npc.signature.graphs import Graphed
from npc.signature.module import SignatureModule
from npc.signature.resident import ResidentDataset
from tests.signature.test_data import outcomes

EXACT = AugmentConfig(flip=0.5, vertical_flip=0.5, quarter_turn=0.5, rotate=0, shift=0, intensity=0)
LIGHT = AugmentConfig(flip=0.5, rotate=10, shift=0.05, intensity=0.1)
ALL = AugmentConfig(
    flip=0.5, vertical_flip=0.5, quarter_turn=0.5, rotate=20, shift=0.1, scale=0.2, intensity=0.2, gamma=0.5
)
NONE = AugmentConfig(flip=0, rotate=0, shift=0, intensity=0)


def batches(data: SliceDataModule, epoch: int) -> list:
    """All batches of an epoch, then those of the validation."""
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return [*loader, *data.val_dataloader()]


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("augment", [NONE, EXACT, LIGHT, ALL], ids=["none", "exact", "light", "all"])
@pytest.mark.parametrize("channels", [1, 3])
def test_batches_of_a_device_equal_those_of_the_cpu(stored, images, augment, channels, masked, batched):
    """Order, outcomes, draws and pixels, but for rounding; with several sequences, of which some are absent."""
    stores = stored(images(16, size=48, seed=1), images(16, size=48, seed=2))
    patients = outcomes(stores[0].rows).assign(split=["train"] * 11 + ["validation"] * 5)
    if masked:
        del (rows := dict(stores[1].rows))["p3"]
        stores[1] = replace(stores[1], rows=rows)
    augment = replace(augment, batched=batched)
    made = []
    for dataset in (SliceDataset, ResidentDataset):
        data = SliceDataModule(stores, patients, channels, 4, augment, 7, masked=masked, dataset=dataset)
        strategy = SimpleNamespace(root_device=torch.device("cpu"))
        data.trainer = SimpleNamespace(global_rank=0, world_size=1, strategy=strategy)
        data.setup("fit")
        made.append([batch for epoch in range(3) for batch in batches(data, epoch)])
    plain, resident = made
    assert len(plain) == len(resident) == 3 * 4
    for (x, outcome), (y, same) in zip(plain, resident, strict=True):
        torch.testing.assert_close(y, x, rtol=0, atol=2e-4)
        assert torch.equal(y > 0, x > 0)  # `Compact` takes what is not 0 for the tumour
        torch.testing.assert_close(same, outcome, rtol=0, atol=0)


@pytest.fixture
def cuda(monkeypatch):
    """A machine with a GPU, as far as choices are concerned."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.mark.parametrize(
    ("words", "resident"),
    [
        (["trainer=gpu"], True),
        (["trainer=gpu", "augment=exact"], True),
        (["trainer=gpu", "augment=strong"], False),
        (["trainer=gpu", "augment.elastic=0.1"], False),
        (["trainer=gpu", "augment.noise=0.1"], False),
        (["trainer=gpu", "trainer.accelerator=cpu"], False),
        (["trainer.accelerator=gpu"], False),
    ],
)
def test_slices_are_resident_where_their_augmentation_can_be(cuda, words, resident):
    config = compose(words)
    loading = fitting._loading(config)
    assert loading == ({"dataset": ResidentDataset} if resident else {"workers": config.trainer.workers})
    if "augment=strong" in words:
        assert loading == {"workers": 4}


@pytest.mark.parametrize(
    ("words", "processes", "moved", "captured"),
    [
        ([], 1, False, True),
        ([], 2, False, False),
        ([], 1, True, False),
        (["network.compile=true"], 1, False, False),
        (["trainer.graph=false"], 1, False, False),
        (["slices=all"], 1, False, False),
        (["cohort.missing=mask"], 1, False, False),
        (["cohort.missing=mask", "network.join=stack"], 1, False, True),
    ],
)
def test_passes_are_captured_where_they_depend_on_the_shape_alone(words, processes, moved, captured):
    config = compose(["trainer=gpu", "network=tiny", "sequence=cet1+t2", *words])
    pooled, masked = "slices=all" in words, "cohort.missing=mask" in words
    binary = {"_target_": "npc.signature.endpoints.Binary"}
    module = SignatureModule(dict(config.network), dict(config.optimizer), binary, 2, 1, pooled, masked)
    made = fitting._graphed(config, SimpleNamespace(is_moved=moved), module.network, processes)
    assert isinstance(made, Graphed) == captured


def test_capturing_leaves_the_averages_of_batch_norm_and_is_done_once_for_each_shape(monkeypatch):
    captured = []

    def capture(passes, inputs):
        captured.append(tuple(inputs[0].shape))
        for _ in range(3):  # as PyTorch's warm-up does
            passes(*inputs)
        return passes

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", capture)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    plain.load_state_dict(network.state_dict())
    graphed = Graphed(network)
    for patients in (4, 4, 3, 4):
        x = torch.rand(patients, 1, 8, 8)
        torch.testing.assert_close(graphed(x), plain(x))
    assert captured == [(4, 1, 8, 8), (3, 1, 8, 8)]
    torch.testing.assert_close(network.state_dict(), plain.state_dict())


def test_a_loss_that_is_not_finite_ends_a_training_on_a_device_after_its_epoch():
    """There each step would wait for the answer; validation risks alone may be finite."""
    config = compose(["network=tiny"])
    binary = {"_target_": "npc.signature.endpoints.Binary"}
    module = SignatureModule(dict(config.network), dict(config.optimizer), binary, 1, 1).eval()
    batch = torch.rand(2, 1, 1, 16, 16), Outcome(*torch.tensor([[0.0, 1], [1, 2], [0, 1]]))
    module._finite = torch.tensor(False)
    module.validation_step(batch, 0)
    with pytest.raises(DivergedError, match=r"optimizer\.lr"):
        module.on_validation_epoch_end()


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.001, 1e30])
def test_the_memory_of_the_device_is_free_after_a_training_however_it_ends(tiny, monkeypatch, rate):
    """Otherwise the next training of this process, such as a refit, would find it taken."""
    made = []

    class Noted(ResidentDataset):
        def to(self, device):
            super().to(device)
            made.append(self)

    monkeypatch.setattr(fitting, "_loading", lambda config: {"dataset": Noted})
    config = tiny("trainer.max_epochs=1", f"optimizer.lr={rate}")
    with pytest.raises(DivergedError) if rate > 1 else nullcontext():
        train(config)
    assert made
    assert all(dataset.planes is None for dataset in made)
