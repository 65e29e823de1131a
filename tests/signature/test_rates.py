"""The learning rates by their formulas, and that the optimizer follows them."""

import math

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from npc.config.loading import compose
from npc.config.method_schema import OptimizerConfig
from npc.signature.rates import parameter_groups, rate_factor
from tests.signature.test_module import fit, module


def test_cosine_rises_over_its_share_of_the_updates_and_falls_to_zero():
    factor = rate_factor(OptimizerConfig(lr=1, decay=0, schedule="cosine", warmup=0.25), updates=40)
    np.testing.assert_allclose([factor(update) for update in range(10)], np.arange(1, 11) / 10)
    expected = [(1 + math.cos(math.pi * step / 30)) / 2 for step in range(31)]
    np.testing.assert_allclose([factor(update) for update in range(10, 41)], expected, atol=1e-12)


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_cosine_can_have_no_warm_up_or_nothing_else(warmup):
    factor = rate_factor(OptimizerConfig(lr=1, decay=0, schedule="cosine", warmup=warmup), updates=4)
    assert factor(0) == (0.25 if warmup else 1)
    assert factor(3) == pytest.approx(1 if warmup else (1 + math.cos(math.pi * 3 / 4)) / 2)


def test_a_training_follows_the_cosine_over_all_its_updates():
    rates = []

    class Watch(pl.Callback):
        def on_before_optimizer_step(self, trainer, pl_module, optimizer):
            rates.append(optimizer.param_groups[0]["lr"])

    fit(module("optimizer=adamw", "optimizer.lr=0.01", "optimizer.warmup=0"), callbacks=[Watch()])
    np.testing.assert_allclose(rates, [0.01 * (1 + math.cos(math.pi * step / 6)) / 2 for step in range(6)])


def test_each_stage_learns_with_its_share_of_the_next_stages_rate():
    """Of both backbones; the last layer learns with the rate of the last stage."""
    signature = module("network=small", sequences=2)
    groups = parameter_groups(signature.network, lr=0.1, stage_rate=0.5)
    rate = {parameter: group["lr"] for group in groups for parameter in group["params"]}
    assert rate.keys() == set(signature.parameters())
    for tower in signature.network.towers:
        for name, expected in zip(tower.stages, (0.1 / 16, 0.1 / 8, 0.1 / 4, 0.1 / 2, 0.1), strict=True):
            assert {rate[p] for module in tower.stages[name] for p in module.parameters()} == {expected}
    assert {rate[p] for p in signature.network.heads.parameters()} == {0.1}


def test_a_resnets_stages_hold_all_its_weights():
    network = module("network=resnet18").network
    grouped = [p for group in parameter_groups(network, 0.1, 0.9) for p in group["params"]]
    assert len(grouped) == len(set(grouped)) == len(list(network.parameters()))
    assert len(parameter_groups(network, 0.1, 0.9)) == 5
    assert len(parameter_groups(network, 0.1, 1)) == 1


@pytest.mark.slow
def test_the_weight_decay_of_adamw_shrinks_weights_without_a_gradient():
    """By lr * decay of their value."""
    signature = module("optimizer=adamw", "optimizer.schedule=decay", "optimizer.lr=0.1", "optimizer.warmup=0")
    decay = compose(["optimizer=adamw"]).optimizer.options.weight_decay
    before = [parameter.detach().clone() for parameter in signature.parameters()]
    optimizer = signature.configure_optimizers()["optimizer"]
    for parameter in signature.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for parameter, old in zip(signature.parameters(), before, strict=True):
        torch.testing.assert_close(parameter.detach(), old * (1 - 0.1 * decay))
