"""The key that names a run: equal choices give the same folder on any machine."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from npc.config.schema import TrainConfig
from npc.config.sources import first_name
from npc.config.values import plain

# Choices that only one method reads are not part of the other's runs.
_OF_METHOD = {
    "deep_learning": ("preprocess", "augment", "network", "optimizer", "trainer", "batch_size"),
    "radiomic": ("radiomics",),
}


def run_key(config: DictConfig) -> str:
    """Twelve hexadecimal digits that name a run: a hash of the resolved choices that can change its numbers."""
    choices = plain(config)
    for other in (name for name in _OF_METHOD if name != config.method):
        for key in _OF_METHOD[other]:
            choices.pop(key)
    if "network" in choices and (weights := Path(config.network.weights).expanduser()).is_file():
        # the content of the file matters, not its path
        choices["network"]["weights"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    choices["cohort"]["_target_"] = first_name(choices["cohort"]["_target_"])
    drop_neutral(choices)
    return hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()[:12]


def run_folder(config: DictConfig) -> Path:
    """`runs/<cohort>/<sequence>-<slices>/<run_key>`."""
    return Path(config.runs) / config.cohort.name / f"{config.sequence}-{config.slices}" / run_key(config)


def drop_neutral(choices: dict[str, Any]) -> None:
    """Removes the choices that cannot change the numbers of a run: paths, loggers, devices."""
    for path in _neutral_paths(TrainConfig):
        node = choices
        for key in path[:-1]:
            node = node.get(key, {})
        node.pop(path[-1], None)


def _neutral_paths(schema: type, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for item in fields(schema):
        path = (*prefix, item.name)
        if item.metadata.get("neutral"):
            yield path
        elif isinstance(item.type, type) and is_dataclass(item.type):
            yield from _neutral_paths(item.type, path)
