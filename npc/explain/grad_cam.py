"""Grad-CAM: where the last stage of a network raises the risk (Selvaraju et al., ICCV 2017), by MONAI."""

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from monai.visualize import GradCAM
from torch import Tensor, nn

from npc.bundle.risk_network import Risk


def grad_cam(network: Risk, x: Tensor, inside: np.ndarray) -> np.ndarray:
    """The map of one patient, NaN outside the outline; the mean over all networks and their sequences.

    It is as coarse as the last stage of the network, and 0 where a place does not raise the risk.

    Args:
        network: of the risk.
        x: (1, channels, row, column).
        inside: the outline, bool (row, column).
    """
    network = deepcopy(network)  # MONAI leaves hooks on its layers
    names = {id(module): name for name, module in network.named_modules()}
    found = []
    with torch.enable_grad():
        for layer in _last_layers(network):
            cam = GradCAM(network, names[id(layer)], postprocessing=lambda maps: maps)
            given = x.detach().clone().requires_grad_()
            found.append(np.asarray(cam(given, class_idx=0).detach())[:, 0].mean(axis=0))
    return np.where(inside, np.mean(found, axis=0), np.nan)


def _last_layers(network: Risk) -> list[nn.Module]:
    """The last stage of each backbone."""
    members: list[Any] = list(network.members)
    return [list(tower.stages.values())[-1][-1] for member in members for tower in member.network.towers]
