"""Settings of features that tests ask for."""

from dataclasses import replace

from npc.config import Features, compose, feature_settings

PAPER: Features = feature_settings(compose([]))
SHAPE_AND_FIRST_ORDER: Features = replace(PAPER, filters=["original"], classes=["shape", "firstorder"], normalize=False)
