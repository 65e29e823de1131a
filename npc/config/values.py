"""The values of a composed config, in the form that other code takes."""

from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from npc.config.schema import FeaturesConfig


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved choices as plain values."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))


def run_sequences(config: DictConfig) -> tuple[str, ...]:
    """The sequences that a run reads, in the order in which the network joins them."""
    return tuple(config.cohort.sequences) if config.sequence == "both" else (config.sequence,)


def feature_settings(config: DictConfig) -> FeaturesConfig:
    """`radiomics.features` as plain values, which can be sent to worker processes."""
    return FeaturesConfig(**plain(config.radiomics.features))
