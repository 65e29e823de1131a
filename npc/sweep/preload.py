"""Imports and set-up that every run needs: the fork server does them once, by importing this module."""

import atexit
import gc

import pandas as pd
import pandera.pandas as pandera

import npc.run.train
import npc.signature.fit
import npc.signature.method
import npc.signature.out_of_fold
import npc.sweep.work  # noqa: F401
from npc.config.loading import compose

compose([])  # Hydra loads its plugins
pandera.DataFrameSchema({}).validate(pd.DataFrame())  # and pandera its backends
gc.collect()
gc.freeze()  # otherwise the garbage collector would search all of torch again in every run
atexit.register(gc.unfreeze)  # or libraries would report objects that are not freed at the end (nanobind's leaks)
