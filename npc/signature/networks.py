"""Networks: a backbone for each sequence and a linear layer whose output is the signature."""

import torch
import torchvision
from torch import Tensor, nn

from npc.config.schema import BatchNormConfig, NetworkConfig
from npc.errors import InputError
from npc.run.weights import initial_weights, load_weights


class SignatureNetwork(nn.Module):
    """Maps slices of one or more sequences to logits.

    Input: float32 (batch, sequence, channel, row, column); output: (batch, signatures, outputs). `join` is how several
    sequences are combined: `towers`, one backbone each, whose features are concatenated before the last layer; `mean`,
    one network each, whose risks are averaged (two signatures); `stack`, one backbone with all of them as channels.

    Args:
        settings: see `conf/network/resnet50.yaml`.
        sequences: their number.
        channels: of each sequence, 1 or 3.
        outputs: of each signature; the endpoint defines their meaning.
    """

    def __init__(self, settings: NetworkConfig, sequences: int, channels: int, outputs: int = 1) -> None:
        super().__init__()
        self.stacked = settings.join == "stack"
        self.separate = settings.join == "mean"
        towers = 1 if self.stacked else sequences
        width = channels * (sequences if self.stacked else 1)
        backbones = [backbone(settings.backbone, width, settings.weights) for _ in range(towers)]
        features = [tower.features for tower in backbones]
        self.towers = nn.ModuleList(backbones)
        self.heads = nn.ModuleList(nn.Linear(n, outputs) for n in (features if self.separate else [sum(features)]))
        _set_batch_norm(self, settings.batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, signatures, outputs)."""
        inputs = [x.flatten(1, 2)] if self.stacked else list(x.unbind(1))
        features = [tower(part) for tower, part in zip(self.towers, inputs, strict=True)]
        if not self.separate:
            features = [torch.cat(features, dim=1)]
        return torch.stack([head(part) for head, part in zip(self.heads, features, strict=True)], dim=1)


class ResNet(nn.Module):
    """A torchvision ResNet without its last layer; `features` is the length of its output."""

    def __init__(self, name: str, channels: int, weights: str) -> None:
        super().__init__()
        network = torchvision.models.get_model(name, weights=None)
        self.features = network.fc.in_features
        state = initial_weights(name, weights)
        if state is not None:
            load_weights(network, state, f"network.weights={weights}", "network.backbone")
        first = network.conv1
        kernel = first.weight.detach()
        network.conv1 = nn.Conv2d(
            channels, first.out_channels, first.kernel_size, first.stride, first.padding, bias=False
        )
        if state is not None:
            # Grey slices instead of colours: the kernel's sum over the colours, divided among the channels.
            grey = kernel.sum(dim=1, keepdim=True) / channels
            network.conv1.weight = nn.Parameter(grey.repeat(1, channels, 1, 1))
        network.fc = nn.Identity()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channel, row, column) to (batch, features)."""
        return self.network(x)


class Tiny(nn.Sequential):
    """Three convolutions: for tests and smoke sweeps."""

    features = 16

    def __init__(self, channels: int) -> None:
        layers: list[nn.Module] = []
        for width in (8, 16, 16):
            layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def backbone(name: str, channels: int, weights: str) -> ResNet | Tiny:
    """A network without its last layer, by name.

    Args:
        name: any torchvision ResNet, or `tiny`.
        channels: of its input.
        weights: `scratch`, `imagenet` (torchvision's, from its cache or its website) or the path of a state dict.

    Raises:
        InputError: unknown name, or weights of another network.
    """
    if name == "tiny":
        if weights != "scratch":
            raise InputError(f"network.weights={weights}: the tiny network has no published weights; choose scratch")
        return Tiny(channels)
    names = [known for known in torchvision.models.list_models(torchvision.models) if "resne" in known]
    if name not in names:
        raise InputError(f"network.backbone={name}: must be tiny or one of {', '.join(names)}")
    return ResNet(name, channels, weights)


def _set_batch_norm(network: nn.Module, settings: BatchNormConfig) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum, layer.eps = settings.momentum, settings.epsilon
