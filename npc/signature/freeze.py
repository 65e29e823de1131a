"""Fine-tuning: the first stages of a backbone keep the weights that they were given."""

from collections.abc import Mapping

from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from npc.errors import InputError


def freeze(backbone: nn.Module, stages: Mapping[str, list[nn.Module]], last: str) -> None:
    """No training changes the stages up to one of them: neither the weights nor batch norm's averages.

    torchvision's FrozenBatchNorm2d replaces batch norm there, so that nothing that trains or recalibrates batch norm
    can reach the averages. The names of a state dict stay as they are.

    Args:
        backbone: with the weights to keep, and its final batch-norm settings.
        stages: of the backbone, from the first to the last, by name.
        last: name of the last stage that is frozen.

    Raises:
        InputError: the backbone has no such stage.
    """
    names = list(stages)
    if last not in names:
        raise InputError(f"network.freeze={last}: this backbone has the stages {', '.join(names)}; choose one of them")
    frozen = [module for name in names[: names.index(last) + 1] for module in stages[name]]
    for module in frozen:
        module.requires_grad_(False)
    layers = {layer for module in frozen for layer in module.modules()}
    for parent in list(backbone.modules()):
        for name, layer in parent.named_children():
            if layer in layers and isinstance(layer, nn.BatchNorm2d):
                setattr(parent, name, _without_updates(layer))


def _without_updates(layer: nn.BatchNorm2d) -> FrozenBatchNorm2d:
    """The same function as a batch norm in evaluation."""
    frozen = FrozenBatchNorm2d(layer.num_features, layer.eps)
    frozen.load_state_dict(layer.state_dict())
    return frozen
