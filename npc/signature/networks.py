"""Networks: a backbone for each sequence and a linear layer whose output is the signature."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
import torchvision
from torch import Tensor, nn

from npc.config.method_schema import BatchNormConfig, NetworkConfig
from npc.errors import InputError
from npc.run.weights import initial_weights, load_weights
from npc.signature.compact import Compact
from npc.signature.filters import Filters
from npc.signature.freeze import freeze
from npc.signature.pooling import PooledSlices
from npc.signature.sizes import Sized, StandardisedSizes
from npc.signature.small import Small


class SignatureNetwork(nn.Module):
    """Maps slices of one or more sequences to logits.

    Input: float32 (batch, sequence, channel, row, column); output: (batch, signatures, outputs). `join` is how several
    sequences are combined: `towers`, one backbone each, whose features are concatenated before the last layer; `mean`,
    one network each, whose risks are averaged (two signatures); `stack`, one backbone with all of them as channels.
    With `size_input` the input is `Sized`, and the sizes are concatenated to the features.

    Where patients may lack a sequence (`masked`), its slices are 0 throughout, and no backbone encodes them: `towers`
    takes learned features in the place of those that are absent, which begin at 0, `mean` gives no signature (NaN), and
    `stack` leaves the channels empty.

    Args:
        settings: see `conf/network/resnet50.yaml`.
        sequences: their number.
        channels: of each sequence, 1 or 3, or the number of slices that are pooled.
        outputs: of each signature; the endpoint defines their meaning.
        pooled: whether each channel is a slice that is encoded by itself (`PooledSlices`).
        masked: whether a patient may lack sequences, but not all of them.
    """

    def __init__(
        self,
        settings: NetworkConfig,
        sequences: int,
        channels: int,
        outputs: int = 1,
        pooled: bool = False,
        masked: bool = False,
    ) -> None:
        super().__init__()
        self.stacked = settings.join == "stack"
        self.separate = settings.join == "mean"
        self.masked = masked and not self.stacked
        self.is_static = not (self.masked or pooled)  # no operation depends on the content of a batch
        towers = 1 if self.stacked else sequences
        width = 1 if pooled else channels * (sequences if self.stacked else 1)
        backbones: list[Any] = [backbone(settings.backbone, width, settings.weights) for _ in range(towers)]
        if pooled:
            backbones = [PooledSlices(encoder, settings.pool) for encoder in backbones]
        features = [tower.features for tower in backbones]
        if settings.size_input:
            self.sizes = StandardisedSizes(sequences, settings.size_weight)
            features = [n + self.sizes.values * sequences // towers for n in features]
        self.towers = nn.ModuleList(backbones)
        self.heads = nn.ModuleList(nn.Linear(n, outputs) for n in (features if self.separate else [sum(features)]))
        if settings.head == "zero":
            for parameter in self.heads.parameters():
                nn.init.zeros_(parameter)
        if self.masked:  # instead of the features of an absent sequence
            self.absent = nn.ParameterList(torch.zeros(n) for n in features)
        _set_batch_norm(self, settings.batch_norm)
        if settings.freeze != "none":
            for tower in backbones:
                freeze(tower, tower.stages, settings.freeze)
        if settings.channels_last:  # the weights decide on the layout of what they are convolved with
            self.to(memory_format=torch.channels_last)

    @property
    def stages(self) -> list[list[nn.Module]]:
        """The modules of each stage of all backbones, from the first stage to the last."""
        towers = [cast(Any, tower).stages.values() for tower in self.towers]
        return [[module for modules in stage for module in modules] for stage in zip(*towers, strict=True)]

    def forward(self, x: Tensor | Sized) -> Tensor:
        """(batch, signatures, outputs)."""
        images = x.images if isinstance(x, Sized) else x
        inputs = [images.flatten(1, 2)] if self.stacked else list(images.unbind(1))
        encode = self._encode_present if self.masked else self._encode
        features = [encode(number, part) for number, part in enumerate(inputs)]
        if isinstance(x, Sized):
            sizes = self.sizes(x.sizes)
            parts = [sizes.flatten(1)] if self.stacked else list(sizes.unbind(1))
            features = [torch.cat(both, dim=1) for both in zip(features, parts, strict=True)]
        if not self.separate:
            features = [torch.cat(features, dim=1)]
        signatures = torch.stack([head(part) for head, part in zip(self.heads, features, strict=True)], dim=1)
        if self.masked and self.separate:
            return signatures.masked_fill(~_present(images)[..., None], torch.nan)
        return signatures

    def _encode(self, number: int, part: Tensor) -> Tensor:
        """Features of one sequence, or of all that are stacked, (batch, features)."""
        return self.towers[number](part)

    def _encode_present(self, number: int, part: Tensor) -> Tensor:
        """The same; patients without the sequence have the features that stand for its absence."""
        here = _present(part[:, None])[:, 0]
        rows = self.absent[number].repeat(len(part), 1)
        if here.any():
            encoded = self._encode(number, part[here])
            rows = rows.to(encoded.dtype)
            rows[here] = encoded
        return rows


def _present(images: Tensor) -> Tensor:
    """Whether a patient has a sequence, (batch, sequence): its slices are not 0 throughout."""
    return images.flatten(2).any(dim=2)


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

    @property
    def stages(self) -> Mapping[str, list[nn.Module]]:
        """The modules with weights, from the first stage to the last."""
        layers = {f"layer{i}": [getattr(self.network, f"layer{i}")] for i in range(1, 5)}
        return {"stem": [self.network.conv1, self.network.bn1], **layers}

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

    @property
    def stages(self) -> Mapping[str, list[nn.Module]]:
        """The modules with weights, from the first stage to the last."""
        layers = list(self)
        return {"stem": layers[:3], "layer1": layers[3:6], "layer2": layers[6:9]}


# (channels) to a module with `features` and `stages`: docs/new_network.md
OWN: dict[str, Callable[[int], Any]] = {
    "small": Small,
    "compact": Compact,
    "filters": Filters,
    "tiny": Tiny,
}


def backbone(name: str, channels: int, weights: str) -> Any:
    """A network without its last layer, by name.

    Args:
        name: any torchvision ResNet, or one of `OWN`.
        channels: of its input.
        weights: `scratch`, `imagenet` (torchvision's, from its cache or its website) or the path of a state dict.

    Raises:
        InputError: unknown name, or weights of another network.
    """
    if name in OWN:
        if weights != "scratch":
            raise InputError(f"network.weights={weights}: the {name} network has no published weights; choose scratch")
        return OWN[name](channels)
    names = [known for known in torchvision.models.list_models(torchvision.models) if "resne" in known]
    if name not in names:
        raise InputError(f"network.backbone={name}: must be one of {', '.join([*OWN, *names])}")
    return ResNet(name, channels, weights)


def _set_batch_norm(network: nn.Module, settings: BatchNormConfig) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum, layer.eps = settings.momentum, settings.epsilon
