"""Occlusion maps find what a network looks at, and their checks tell a map that means nothing."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from npc.bundle.risk_network import Risk
from npc.explain.occlusion import _hidden, _map

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
