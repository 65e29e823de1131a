"""Learning rates: of each stage of the network, and of each update."""

import math
from collections.abc import Callable
from typing import Any

from npc.config.method_schema import OptimizerConfig
from npc.signature.networks import SignatureNetwork


def parameter_groups(network: SignatureNetwork, lr: float, stage_rate: float) -> list[dict[str, Any]]:
    """The weights that are trained, with their learning rates (Howard and Ruder, ACL 2018, section 3.2).

    The last stage of the backbone and all that follows it learn with `lr`, each stage before with `stage_rate` times
    the rate of the next one.

    Args:
        network: whose frozen weights are left out.
        lr: learning rate.
        stage_rate: 1 for one rate, which gives one group.
    """
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if stage_rate == 1:
        return [{"params": trained, "lr": lr}]
    distance = {
        parameter: distance
        for distance, stage in enumerate(reversed(network.stages))
        for module in stage
        for parameter in module.parameters()
    }
    groups: dict[int, list] = {}
    for parameter in trained:
        groups.setdefault(distance.get(parameter, 0), []).append(parameter)
    return [{"params": groups[d], "lr": lr * stage_rate**d} for d in sorted(groups)]


def rate_factor(settings: OptimizerConfig, updates: int) -> Callable[[int], float]:
    """The factor of the learning rate at each update, counted from 0.

    With `schedule=decay` it is 1 / (1 + decay * update), as in Keras 2.1. With `cosine` it rises linearly to 1 over the
    share `warmup` of the updates, then falls as half a cosine to 0 (Loshchilov and Hutter, ICLR 2017, without
    restarts).

    Args:
        settings: `schedule`, `decay` and `warmup` are used.
        updates: of the whole training, if no patience ends it earlier; for `cosine`.
    """
    if settings.schedule == "decay":
        decay = settings.decay
        return lambda update: 1 / (1 + decay * update)
    rising = round(settings.warmup * updates)
    falling = max(updates - rising, 1)

    def cosine(update: int) -> float:
        if update < rising:
            return (update + 1) / rising
        return (1 + math.cos(math.pi * min((update - rising) / falling, 1))) / 2

    return cosine
