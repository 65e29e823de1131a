"""The key that names a run: equal choices give the same folder on any machine."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import partial
from operator import eq
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from npc.config.cohort_schema import CohortConfig, PhantomCohortConfig
from npc.config.regions import ring_width
from npc.config.schema import TrainConfig
from npc.config.sources import first_name
from npc.config.values import hospitals, plain, sequence_name, tested_hospitals
from npc.names import REGION_MARK, TUMOUR

# Choices that a method does not read are not part of its runs.
_NETWORKS = ("preprocess", "augment", "network", "optimizer", "trainer", "batch_size")
_OF_METHOD = {
    "deep_learning": _NETWORKS,
    "ensemble": (*_NETWORKS, "ensemble"),
    "radiomic": ("radiomics",),
    "frozen": ("encoder", "preprocess"),
}


def run_key(config: DictConfig) -> str:
    """Twelve hexadecimal digits that name a run: a hash of the resolved choices that can change its numbers."""
    choices = plain(config)
    for key in unread(config.method):
        choices.pop(key)
    for group in {"network", "encoder"} & choices.keys():
        weights = Path(config[group].weights or "").expanduser()
        if os.path.isfile(weights):  # `Path.is_file` raises for a name that is too long
            # the content of the file matters, not its path
            choices[group]["weights"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    if "ensemble" in choices:  # its networks have these seeds, and `seed` is only their default
        choices["ensemble"]["seeds"] = choices["ensemble"]["seeds"] or [choices["seed"]]
        choices.pop("seed")
    choices["sequence"] = sequence_name(config)
    split = choices["split"]  # the order in which hospitals are named changes nothing
    home = hospitals(split["development"])
    split["development"] = home if len(home) > 1 else home[0] if home else None
    split["test"] = tested_hospitals(split["test"]) or float(split["test"] or 0)
    choices["cohort"]["_target_"] = first_name(choices["cohort"]["_target_"])
    if isinstance(label := choices["cohort"].get("label"), list):
        choices["cohort"]["label"] = sorted(set(label))  # merged in any order
    if (width := ring_width(choices["region"])) is not None:
        choices["region"] = f"ring{width:g}"  # ring5.0 is ring5
    drop_neutral(choices)
    return hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()[:12]


def unread(method: str) -> set[str]:
    """The groups of a config that a method does not read."""
    return {key for keys in _OF_METHOD.values() for key in keys} - set(_OF_METHOD[method])


def run_folder(config: DictConfig) -> Path:
    """`runs/<cohort>/<sequences>-<slices>/<run_key>`."""
    # of another region than the tumour, another variant: its runs do not compete with those of the tumour
    region = "" if config.region == TUMOUR else f"{REGION_MARK}{config.region}"
    return Path(config.runs) / config.cohort.name / f"{sequence_name(config)}{region}-{config.slices}" / run_key(config)


def drop_neutral(choices: dict[str, Any], schema: type = TrainConfig) -> None:
    """Removes the choices that cannot change the numbers of a run, such as paths, loggers and devices.

    Also removed are those that were added later and have their default.

    Args:
        choices: changed in place.
        schema: of them.
    """
    for path, is_dropped in _left_out(schema):
        node = choices
        for key in path[:-1]:
            node = node.get(key) or {}
        if path[-1] in node and is_dropped(node[path[-1]]):
            del node[path[-1]]


def _left_out(schema: type, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Callable[[Any], bool]]]:
    """The keys that a run key may leave out, and for which values."""
    for item in fields(schema):
        path = (*prefix, item.name)
        if item.metadata.get("neutral"):
            yield path, lambda value: True
        elif item.metadata.get("later") and not item.metadata.get("keyed"):
            yield path, partial(eq, item.default if item.default_factory is MISSING else item.default_factory())
        elif isinstance(item.type, type) and is_dataclass(item.type):
            yield from _left_out(PhantomCohortConfig if item.type is CohortConfig else item.type, path)
