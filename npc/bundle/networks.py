"""Networks in a bundle: `method=deep_learning` and `method=ensemble`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from omegaconf import DictConfig

from npc.bundle.part import Part, batch_of, batches, splits
from npc.cohort.cohort import Cohort
from npc.config.key import drop_neutral
from npc.config.method_schema import NetworkConfig
from npc.config.values import plain
from npc.errors import InputError
from npc.imaging.store import Slices
from npc.prognosis.runs import Run

if TYPE_CHECKING:
    from npc.signature.module import SignatureModule

_ENDPOINTS = {f"npc.signature.endpoints.{name}" for name in ("Binary", "Cox", "Hazard")}
_UNUSED = ("optimizer",)  # hyperparameters that only a training reads


def pack(run: Run, config: DictConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and tensors of a run's networks.

    Args:
        run: finished.
        config: of the run.
    """
    networks = checkpoints(run.path / "model.ckpt")
    settings = {
        "preprocess": plain(config)["preprocess"],
        "threads": config.trainer.threads,
        "members": _members(networks, _batches(run, config)),
    }
    return settings, _tensors(networks)


def checkpoints(path: Path) -> list[dict[str, Any]]:
    """The checkpoint of each network in the `model.ckpt` of a run.

    Args:
        path: of the file.
    """
    import torch  # takes seconds

    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    return checkpoint.get("members", [checkpoint])


def with_checkpoint(part: Part, path: Path) -> Part:
    """The signature with the networks of a checkpoint in place of its own.

    Args:
        part: a signature of networks.
        path: of the checkpoint.
    """
    from safetensors.torch import save

    networks = checkpoints(path)
    members = _members(networks, [part.settings["members"][0]["batches"]] * len(networks))
    return Part({**part.settings, "members": members}, save(_tensors(networks)))


def risks(part: Part, cohort: Cohort, store: str) -> pd.Series:
    """The risk of every patient; of an ensemble the mean of its networks.

    Args:
        part: of the bundle.
        cohort: every patient has the sequences.
        store: folder of all stores.
    """
    slices = read(part, cohort, store)
    import torch

    from npc.config.method_schema import AugmentConfig
    from npc.signature.data import SliceDataModule
    from npc.signature.ensemble import average
    from npc.signature.predict import predict

    members = part.settings["members"]
    unaugmented = AugmentConfig(flip=0, rotate=0, shift=0, intensity=0)
    found = []
    for member, module in zip(members, modules(part), strict=True):
        patients = pd.DataFrame({"split": batch_of(member["batches"], cohort.patients.index)}, cohort.patients.index)
        patients[["label", "time", "event"]] = 0
        data = SliceDataModule(slices, patients, member["network"]["channels"], 1, unaugmented, seed=0,
                               masked=is_masked(member))  # fmt: skip
        risk, _ = predict(module, data, torch.device("cpu"))
        found.append(risk - member["offset"] if len(members) > 1 else risk)
    return (average(found) if len(found) > 1 else found[0])[cohort.patients.index]


def is_masked(member: Mapping[str, Any]) -> bool:
    """Whether a network predicts patients who lack a sequence."""
    return bool(member["network"].get("masked", False))


def read(part: Part, cohort: Cohort, store: str) -> list[Slices]:
    """The slices of each sequence, with the sizes of the outlines where the networks read them.

    Args: as for `risks`.
    """
    from npc.signature.method import read_slices
    from npc.signature.processor import prepare_processor

    prepare_processor()
    with_sizes = bool(part.settings["members"][0]["network"]["network"].get("size_input", False))
    return read_slices(store, cohort, part.sequences, part.preprocess, with_sizes=with_sizes)


def modules(part: Part) -> list["SignatureModule"]:
    """The networks with their weights; nothing but npc's own classes is made, whatever the file names.

    Raises:
        InputError: the file names another class.
    """
    import torch

    from npc.signature.module import SignatureModule

    torch.set_num_threads(part.settings["threads"])
    found = []
    for number, member in enumerate(part.settings["members"]):
        settings = member["network"]
        if (target := settings["endpoint"].get("_target_")) not in _ENDPOINTS:
            raise InputError(f"bundle: the endpoint {target} is none of npc's; ask the hospital that made it")
        network = {**settings["network"], "weights": "scratch"}
        module = SignatureModule(**{**settings, "network": network, "optimizer": {}})
        own = {n.partition(".")[2]: value for n, value in part.tensors.items() if n.startswith(f"{number}.")}
        module.load_state_dict(own)
        found.append(module.eval())
    return found


def _members(networks: Sequence[Mapping[str, Any]], digits: Sequence[str]) -> list[dict[str, Any]]:
    """The settings of networks.

    Args:
        networks: their checkpoints.
        digits: the batches of each (`npc.bundle.part.batches`).
    """
    return [
        {
            "network": _hyperparameters(of),
            "offset": float(of.get("offset", 0.0)),
            "batches": batch,
        }
        for of, batch in zip(networks, digits, strict=True)
    ]


def _hyperparameters(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """What makes the network again, without settings at their default that an older npc may not know."""
    found = {key: value for key, value in checkpoint["hyper_parameters"].items() if key not in _UNUSED}
    network = dict(found["network"])
    drop_neutral(network, NetworkConfig)
    return {**found, "network": network}


def _tensors(networks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The weights of networks, by number and name."""
    return {
        f"{number}.{name}": value.contiguous()
        for number, of in enumerate(networks)
        for name, value in of["state_dict"].items()
    }


def _batches(run: Run, config: DictConfig) -> list[str]:
    """Of each network."""
    split = splits(run)
    if config.method != "ensemble":
        return [batches(split)]
    from npc.run.folder import RunFolder
    from npc.signature.ensemble import members

    patients = split.to_frame("split").join(run.predictions["label"])
    return [batches(member.patients["split"]) for member in members(config, RunFolder(run.path), patients)]
