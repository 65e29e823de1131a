"""Occlusion maps find what a network looks at, and their checks tell a map that means nothing."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from npc.bundle.risk_network import Risk
from npc.errors import InputError
from npc.explain.grad_cam import grad_cam
from npc.explain.occlusion import _hidden, _map
from npc.explain.wrong import most_wrong

SIZE = 64
INSIDE = np.zeros((SIZE, SIZE), dtype=bool)
INSIDE[16:48, 16:48] = True


class Corner(nn.Module):
    """Its risk is the mean of one corner of the tumour."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0, 0, 16:24, 16:24].mean(dim=(1, 2)).double()


@pytest.fixture
def image() -> Tensor:
    x = torch.zeros(1, 1, SIZE, SIZE)
    x[0, 0, 16:48, 16:48] = 0.5
    return x


@pytest.fixture
def network() -> Risk:
    return Risk([Corner()], (1, 1, SIZE, SIZE), None).eval()


def test_the_map_marks_the_place_that_decides(network: Risk, image: Tensor):
    found = _map(network, image, INSIDE)
    assert np.isnan(found[~INSIDE]).all()
    corner = np.zeros_like(INSIDE)
    corner[16:24, 16:24] = True
    assert found[corner].mean() > 0
    assert np.abs(found[INSIDE & ~corner]).mean() < 0.2 * found[corner].mean()
    assert np.unravel_index(np.nanargmax(found), found.shape)[0] < 24


def test_hiding_what_is_marked_changes_the_risk_more_than_chance(network: Risk, image: Tensor):
    hidden, at_random = _hidden(network, image, INSIDE, _map(network, image, INSIDE), np.random.default_rng(0))
    assert hidden[0.1] < 0.1
    assert at_random[0.1] == pytest.approx(0.45, abs=0.05)
    assert hidden[0.5] == 0


class Towers(nn.Module):
    """A network with one stage, whose risk is the mean of its left half."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Module()
        tower = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False))
        nn.init.ones_(tower[0].weight)
        tower.stages = {"stem": [tower[0]]}  # type: ignore[assignment]
        self.network.towers = nn.ModuleList([tower])

    def forward(self, x: Tensor) -> Tensor:
        return self.network.towers[0](x[:, 0])[..., :32].mean(dim=(1, 2, 3)).double()


def test_grad_cam_is_the_activation_times_its_mean_gradient(image: Tensor):
    image[..., 24:, :] = 0.25
    network = Risk([Towers()], (1, 1, SIZE, SIZE), None).eval()
    found = grad_cam(network, image, INSIDE)
    assert not any(of._forward_hooks or of._backward_hooks for of in network.modules())  # none stays behind
    gradient = 1 / (SIZE * SIZE)  # mean over the map of 1 / (64 * 32) in its left half
    assert found[INSIDE] == pytest.approx(image[0, 0].numpy()[INSIDE] * gradient, rel=1e-5)
    assert np.isnan(found[~INSIDE]).all()


def test_the_most_wrong_are_on_the_wrong_side_of_most_others():
    risk = pd.Series({"a": 0.9, "b": 0.1, "c": 0.8, "d": 0.2, "e": 0.95})
    label = pd.Series([1.0, 1, 0, 0, 0, np.nan], [*risk.index, "unknown"])
    assert most_wrong(risk, label, 2) == ["b", "e"]
    assert most_wrong(-risk + 2 * label[risk.index], label, 5) == []
    with pytest.raises(InputError, match="leave --wrong out"):
        most_wrong(risk, label[:2], 2)
