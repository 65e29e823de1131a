"""Batches that are made on a device equal those of the CPU (`trainer.resident`).

No test machine has a GPU: the device is the CPU here, and benchmarks/gpu.py compares both on a GPU.
"""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from npc.config.schema import AugmentConfig
from npc.signature.data import SliceDataModule, SliceDataset
from npc.signature.resident import BatchAugmentation, ResidentDataset
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


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("augment", [NONE, EXACT, LIGHT, ALL], ids=["none", "exact", "light", "all"])
@pytest.mark.parametrize("channels", [1, 3])
def test_batches_of_a_device_equal_those_of_the_cpu(stored, images, augment, channels, masked):
    """Order, outcomes, draws and pixels, but for rounding; with several sequences, of which some are absent."""
    stores = stored(images(16, seed=1), images(16, seed=2))
    patients = outcomes(stores[0].rows).assign(split=["train"] * 11 + ["validation"] * 5)
    if masked:
        del (rows := dict(stores[1].rows))["p3"]
        stores[1] = replace(stores[1], rows=rows)
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
        torch.testing.assert_close(same, outcome, rtol=0, atol=0)


def test_deformation_and_noise_are_left_to_the_cpu():
    """Their draws are fields of numbers, not one matrix a patient."""
    assert BatchAugmentation.is_possible(LIGHT)
    for option in ("elastic", "noise"):
        assert not BatchAugmentation.is_possible(AugmentConfig(flip=0, rotate=0, shift=0, intensity=0, **{option: 0.1}))
