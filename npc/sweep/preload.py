"""What every run would import or set up for itself: the fork server does it once, by importing this."""

import gc

import pandas as pd
import pandera.pandas as pandera

import npc.run.train
import npc.signature.fit
import npc.signature.method
import npc.signature.out_of_fold
import npc.sweep.work  # noqa: F401
from npc import config

config.compose([])  # Hydra finds its plugins
pandera.DataFrameSchema({}).validate(pd.DataFrame())  # and pandera its backends
gc.collect()
gc.freeze()  # the garbage collector would look through all of torch again in every run
