"""Radiomic features of an artificial tumour, as JSON: .ci/python313 compares those of two Pythons to the last digit."""

import json

import numpy as np

from npc.config.loading import compose
from npc.config.values import feature_settings
from npc.imaging.readers import Scan
from npc.radiomics.features import features

rng = np.random.default_rng(0)
place = np.indices((7, 40, 40)) - np.array([3, 19, 21])[:, None, None, None]
inside = (place[0] / 2.5) ** 2 + (place[1] / 9) ** 2 + (place[2] / 6) ** 2 < 1
image = (rng.normal(100, 20, inside.shape).cumsum(axis=2) + 40 * inside).astype(np.float32)
settings = feature_settings(compose(["method=radiomic"]))
print(json.dumps(features([Scan(image, inside, (3.0, 0.5, 0.5))], settings)))
