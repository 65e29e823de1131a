"""Composing is slow: the same groups are composed once."""

from functools import cache

from omegaconf import DictConfig, OmegaConf

from npc.config.loading import compose, is_group
from npc.config.messages import composing

composed = cache(lambda *overrides: compose(overrides))
_unresolved = cache(lambda *groups: compose(groups, resolve=False))


def quickly(*overrides: str) -> DictConfig:
    """What `compose` gives: groups and new keys are composed once, values are merged into them."""
    groups = [word for word in overrides if word[0] in "+~" or is_group(word.partition("=")[0])]
    values = [word for word in overrides if word not in groups]
    with composing(overrides):
        choices = OmegaConf.merge(_unresolved(*groups), OmegaConf.from_dotlist(values))
        OmegaConf.resolve(choices)
    return choices
