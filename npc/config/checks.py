"""Checks that types cannot express: each value against the bound of its field, then the choices against each other."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from npc.config.cohort_schema import CohortConfig
from npc.config.fields import bound_faults, is_number
from npc.config.keys import nearest
from npc.config.messages import composing
from npc.config.method_schema import STAGES, NetworkConfig, PreprocessConfig
from npc.config.regions import joined_region_faults, region_faults
from npc.config.sequences import mask_faults, sequence_faults
from npc.config.sources import without_reader
from npc.config.values import can_be_drawn, run_sequences
from npc.errors import InputError

# Positive numbers of these options, which conf/optimizer has, need no check.
_ACCEPTED = {
    "torch.optim.RMSprop": {"alpha", "eps"},
    "torch.optim.Adam": set[str](),
    "torch.optim.AdamW": {"weight_decay"},
}


def check(config: DictConfig) -> None:
    """Checks the choices of `train.py`.

    Raises:
        InputError: naming every key whose value cannot be used.
    """
    _check_given(config)
    faults = value_faults(config)
    if not config.cohort.labelled:
        faults.append(
            f"cohort.labelled=false: the outcomes of {config.cohort.name} are not known, so no model can be trained; "
            "use npc cohort check or flow with it, or train on another cohort"
        )
    faults += sequence_faults(config) + mask_faults(config) + joined_region_faults(config)
    if config.split.by == "random" and config.split.stratify:
        faults.append(
            "split.stratify=true: split=random is always stratified by the event; remove it, or use split=by_centre"
        )
    needed = {"landmark": "months", "hazard": "intervals"}.get(config.endpoint.kind)
    if needed and config.endpoint[needed] is None:
        faults.append(f"endpoint.{needed}: no value; endpoint.kind={config.endpoint.kind} needs one")
    if config.method == "radiomic":
        faults += feature_faults(config) + _radiomic_faults(config)
    elif config.method == "frozen":
        faults += _frozen_faults(config) + _slices_faults(config)
    else:
        faults += _optimizer_faults(config.optimizer) + _schedule_faults(config.optimizer)
        faults += _network_faults(config.network) + _slices_faults(config)
        if config.augment.batched and not can_be_drawn(config.augment):
            faults.append(
                "augment.batched=true: deformation and noise are not drawn for a batch at once; set augment.elastic=0 "
                "and augment.noise=0, or augment.batched=false"
            )
    if config.method == "ensemble" and config.ensemble.inner == 0 and config.trainer.epoch == "best":
        faults.append(
            "ensemble.inner=0: without an inner share no patient can choose the epoch; set trainer.epoch=last, or give "
            "a share"
        )
    if config.method == "ensemble" and (config.folds or config.refit):
        faults.append("folds, refit: an ensemble has its out-of-fold risks already; use ensemble.folds instead")
    if config.endpoint.class_weight and config.endpoint.kind in ("cox", "hazard"):
        faults.append(f"endpoint.class_weight=true: has no effect with endpoint.kind={config.endpoint.kind}; remove it")
    if config.endpoint.smoothing and config.endpoint.kind in ("cox", "hazard"):
        faults.append(
            f"endpoint.smoothing={config.endpoint.smoothing:g}: only labels can be smoothed, and endpoint.kind="
            f"{config.endpoint.kind} learns from times; remove it, or use endpoint=binary or landmark"
        )
    if faults:
        raise InputError(faults)


def check_evaluate(config: DictConfig) -> None:
    """As `check`, for `evaluate.py`."""
    _check_given(config)
    check_values(config)


def check_values(config: DictConfig) -> None:
    """Checks each value by itself, and that every key is read; for commands that need only some of the choices.

    Raises:
        InputError: with the faults of `value_faults`.
    """
    if faults := value_faults(config):
        raise InputError(faults)


def value_faults(config: DictConfig) -> list[str]:
    """The keys that are removed or that nothing reads, and the values out of bounds; a key without a value is skipped.

    Args:
        config: of `train.py` or `evaluate.py`, typed by its schema. A command may need only some of its keys.
    """
    groups = list(_groups(config))
    faults = [*_removed(config), *_unread(groups), *_out_of_bounds(groups)]
    return faults or region_faults(config)


def _removed(config: DictConfig) -> list[str]:
    """A tilde removes a key of the config (`~seed`); of groups of keys OmegaConf removes none."""
    schema = _schema(config)
    absent = [item.name for item in fields(schema) if item.name not in list(config)] if schema else []
    return [f"~{name}: npc needs this key; give it another value instead" for name in absent]


def _unread(groups: Sequence[tuple[str, DictConfig]]) -> Iterator[str]:
    """A plus adds any key to the config (`+sede=3`); those that the schema does not have are read by nothing."""
    for group, node in groups:
        schema = _schema(node)
        added = [key for key in map(str, node) if key not in {item.name for item in fields(schema)}] if schema else []
        if added and schema is CohortConfig:  # a source without a schema of its own may have options
            added = without_reader(node._target_, added)
        for key in added:
            known = [f"{at}{name.name}" for at, other in groups if (of := _schema(other)) for name in fields(of)]
            fault = f"{group}{key}: nothing reads this key; the nearest that exists is {nearest(group + key, known)}"
            if group == "optimizer.":
                fault += f", and an option of torch's own class is set by +optimizer.options.{key}=..."
            yield f"{fault}; correct it, or remove it"


def _out_of_bounds(groups: Sequence[tuple[str, DictConfig]]) -> Iterator[str]:
    for group, node in groups:
        if schema := _schema(node):
            values = {key: OmegaConf.select(node, key) for key in map(str, node)}
            yield from (f"{group}{fault}" for fault in bound_faults(schema, values, "{}={}".format))


def _groups(node: DictConfig, prefix: str = "") -> Iterator[tuple[str, DictConfig]]:
    """A group of keys and all groups below it, each with the prefix of its keys, such as `cohort.`."""
    yield prefix, node
    for key in map(str, node):
        inner = None if OmegaConf.is_missing(node, key) else OmegaConf.select(node, key)
        if isinstance(inner, DictConfig):
            yield from _groups(inner, f"{prefix}{key}.")


def _schema(node: DictConfig) -> type | None:
    """The dataclass that declares the keys of a group; None of a dictionary of the user's own."""
    schema = OmegaConf.get_type(node)
    return schema if schema is not None and is_dataclass(schema) else None


def feature_faults(config: DictConfig) -> list[str]:
    """Why radiomic features cannot be computed with these choices."""
    faults = []
    features = config.radiomics.features
    if config.slices == "all":
        faults.append("slices=all: radiomic features are those of the largest slice or of three; use max or three")
    if ("log" in features.filters) != bool(features.sigma):
        faults.append(
            "radiomics.features.sigma: the filter log needs it, and no other filter uses it; give for instance "
            "sigma=[2,4] (mm) with log, or sigma=[] without it"
        )
    if (features.bin_count is None) == (features.bin_width is None):
        faults.append("radiomics.features: give bin_count or bin_width, and null for the other")
    return faults


def _optimizer_faults(optimizer: DictConfig) -> list[str]:
    """What torch says about the optimizer's class and options; torch is imported only where it may refuse them."""
    target, options = optimizer._target_, cast(dict[str, Any], OmegaConf.to_container(optimizer.options))
    accepted = _ACCEPTED.get(target)
    if accepted is not None and options.keys() <= accepted and all(is_number(o) and o > 0 for o in options.values()):
        return []
    import torch

    module, _, name = target.rpartition(".")
    try:
        made = getattr(import_module(module), name)([torch.zeros(1)], lr=optimizer.lr, **options)
    except Exception as error:  # of any type: the class may be any
        return [
            f"optimizer.options: {target} cannot be made with {', '.join(options) or 'no options'} ({error}); "
            "docs.pytorch.org/docs/stable/optim.html lists the options of each class"
        ]
    if isinstance(made, torch.optim.Optimizer):
        return []
    return [f"optimizer._target_={target}: is not an optimizer of torch; name one, such as torch.optim.SGD"]


def _schedule_faults(optimizer: DictConfig) -> list[str]:
    """Settings of the learning rate that another one leaves without effect."""
    if optimizer.schedule == "cosine" and optimizer.decay:
        return [
            f"optimizer.decay={optimizer.decay:g}: has no effect with optimizer.schedule=cosine, which falls to 0 by "
            "itself; set optimizer.decay=0"
        ]
    if optimizer.schedule == "decay" and 0 < optimizer.warmup <= 1:
        return [
            f"optimizer.warmup={optimizer.warmup:g}: has no effect with optimizer.schedule=decay; use "
            "optimizer.schedule=cosine, or remove it"
        ]
    return []


def _network_faults(network: DictConfig) -> list[str]:
    """Settings of the network that exclude each other."""
    if network.freeze in STAGES and network.weights == "scratch":
        return [
            f"network.freeze={network.freeze}: with network.weights=scratch these stages would stay random; choose "
            "weights that were trained before (imagenet, or the path of a state dict), or network.freeze=none"
        ]
    return []


def _slices_faults(config: DictConfig) -> list[str]:
    """Settings of `slices=all` without it, and what it cannot be used with."""
    has_network = config.method != "frozen"  # which reads no key of `network`
    is_pooled = config.slices == "all" or (
        has_network and config.slices == "three" and config.network.slices == "pooled"
    )
    if is_pooled and has_network and config.network.join == "stack" and len(run_sequences(config)) > 1:
        return ["network.join=stack: slices that are pooled are no pairs of sequences; use towers or mean"]
    if config.slices == "all":
        return []
    defaults: dict[str, Any] = {"preprocess.slices": PreprocessConfig.slices}
    if has_network and config.network.slices == "channels":
        defaults["network.pool"] = NetworkConfig.pool
    return [
        f"{key}={value}: has an effect with slices=all only; choose that, or remove it"
        for key, default in defaults.items()
        if (value := OmegaConf.select(config, key)) != default
    ]


def _radiomic_faults(config: DictConfig) -> list[str]:
    """Why a radiomic signature cannot be made with these choices."""
    faults = []
    if config.endpoint.kind not in ("binary", "landmark") or config.endpoint.class_weight:
        faults.append(
            "endpoint: a radiomic signature is a logistic regression on a label; use endpoint=binary or landmark "
            "without class_weight"
        )
    elif config.endpoint.smoothing:
        faults.append("endpoint.smoothing: has no effect on a radiomic signature, which is no network; remove it")
    return faults + _refit_faults(config, "radiomic", "radiomics.nested")


def _frozen_faults(config: DictConfig) -> list[str]:
    """Why a frozen-encoder signature cannot be made with these choices."""
    faults = []
    if config.endpoint.kind == "hazard" or config.endpoint.class_weight or config.endpoint.smoothing:
        faults.append(
            "endpoint: a frozen-encoder signature is a logistic or Cox regression; use endpoint=binary, landmark or "
            "cox, without class_weight and smoothing"
        )
    encoder = config.encoder
    if encoder.weights is None:
        faults.append("encoder.weights: no value; give the path of the file with encoder.weights=...")
    if encoder.dimensions == 3 and encoder.library != "monai":
        faults.append(f"encoder.dimensions=3: {encoder.library} has no such networks; use encoder.library=monai")
    if encoder.library == "texture":
        return faults + _texture_faults(encoder) + _refit_faults(config, "frozen-encoder", "encoder.nested")
    if encoder.library == "torchvision" and encoder.channels != 3:
        faults.append(f"encoder.channels={encoder.channels}: torchvision's networks take 3 channels; set 3")
    if (encoder.mean is None) != (encoder.sd is None) or any(
        values is not None and len(values) != encoder.channels for values in (encoder.mean, encoder.sd)
    ):
        faults.append(
            f"encoder.mean, encoder.sd: give a number for each of the {encoder.channels} channels in both, or null "
            "for both"
        )
    return faults + _refit_faults(config, "frozen-encoder", "encoder.nested")


def _texture_faults(encoder: DictConfig) -> list[str]:
    """Settings of an encoder with weights that the texture energies do not have."""
    fixed = {"weights": "none", "channels": 1, "mean": [0.0], "sd": [1.0]}
    return [
        f"encoder.{key}={encoder[key]}: texture energies have no weights and take the grey levels as they are; start "
        "from encoder=texture"
        for key, value in fixed.items()
        if encoder[key] != value
    ]


def _refit_faults(config: DictConfig, method: str, nested: str) -> list[str]:
    if not (config.folds or config.refit):
        return []
    return [
        f"folds, refit: a {method} run has its out-of-fold risks already, from {nested} folds; remove folds and refit"
    ]


def _check_given(config: DictConfig) -> None:
    if removed := _removed(config):
        raise InputError(removed)
    with composing([]):
        OmegaConf.resolve(config)
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise InputError([f"{key}: no value; give one with {key}=..." for key in missing])
