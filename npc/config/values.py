"""The values of a composed config, in the form that other code takes."""

from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from npc.config.fields import is_number
from npc.config.method_schema import AugmentConfig, FeaturesConfig
from npc.names import BOTH


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved choices as plain values."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))


def can_be_drawn(augment: AugmentConfig) -> bool:
    """Whether all augmentation is a few numbers for a patient; deformation and noise are fields of numbers."""
    return not augment.elastic and not augment.noise


def run_sequences(config: DictConfig) -> tuple[str, ...]:
    """The sequences that a run reads, in the order in which the network joins them: that of `cohort.sequences`."""
    known = list(config.cohort.sequences)
    if config.sequence == BOTH:
        return tuple(known)
    named = set(named_sequences(config))
    return (*(name for name in known if name in named), *sorted(named - set(known)))


def named_sequences(config: DictConfig) -> list[str]:
    """The names in `sequence`, as they are written."""
    return [config.sequence] if config.sequence in config.cohort.sequences else config.sequence.split("+")


def sequence_name(config: DictConfig) -> str:
    """The name of the sequences that a run reads, by which its variant and its run key know them.

    `both` where the cohort has two and the run reads them, however the user names them: their runs are the same. Else
    their names in the order of `cohort.sequences`, joined by a plus sign.
    """
    sequences = run_sequences(config)
    return BOTH if len(sequences) == 2 and sequences == tuple(config.cohort.sequences) else "+".join(sequences)


def hospitals(value: Any) -> list[str]:
    """The hospitals that `split.development` names, one or a list, each once, sorted; none of null."""
    if value is None:
        return []
    return sorted({str(name) for name in ([value] if isinstance(value, str) or is_number(value) else value)})


def tested_hospitals(value: Any) -> list[str]:
    """The same of `split.test`, of which a number is a share and names none."""
    return [] if is_number(value) else hospitals(value)


def feature_settings(config: DictConfig) -> FeaturesConfig:
    """`radiomics.features` as plain values, which can be sent to worker processes."""
    return FeaturesConfig(**plain(config.radiomics.features))
