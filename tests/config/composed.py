"""Composing is slow: the same groups are composed once."""

from functools import cache

from npc.config.loading import compose

composed = cache(lambda *overrides: compose(overrides))
