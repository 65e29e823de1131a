"""Settings of features that tests ask for."""

from dataclasses import replace

from npc.config.loading import compose
from npc.config.values import feature_settings

PAPER = feature_settings(compose([]))
SHAPE_AND_FIRST_ORDER = replace(PAPER, filters=["original"], classes=["shape", "firstorder"], normalize=False)
