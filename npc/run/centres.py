"""`split=leave_one_centre_out`: one command makes a run for each hospital, which tests what all others develop."""

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from npc.cohort.analysed import analysed
from npc.cohort.centres import sides
from npc.cohort.load import load
from npc.config.values import run_sequences, tested_hospitals
from npc.imaging.views import seen
from npc.names import LEAVE_ONE_OUT
from npc.run.train import train
from npc.terminal import say


def train_each(config: DictConfig) -> None:
    """Makes the run that the config asks for, or one for each hospital that is to be tested.

    Runs that are complete are not repeated, so that the same command continues after an interruption.

    Args:
        config: checked choices (`npc.config.loading.checked`).

    Raises:
        InputError: the cohort or its images cannot be used, or the patients of a hospital are of one class.
    """
    if not _takes_turns(config):
        train(config)
        return
    sequences = run_sequences(config)
    cohort, _ = seen(load(config.cohort, config.endpoint, sequences), config.region, sequences, config.store)
    runs = runs_of(config, cohort.patients)
    for run in runs:  # a fault of the last is reported before the first begins
        analysed(cohort, run.endpoint, run.split)
    for number, run in enumerate(runs, start=1):
        say(f"test hospital {run.split.test[0]} ({number} of {len(runs)})")
        train(run)


def runs_of(config: DictConfig, patients: pd.DataFrame) -> list[DictConfig]:
    """The choices of each run: of the one that the config asks for, or with one hospital each in `split.test`.

    Args:
        config: of all runs.
        patients: of the cohort, with `centre` and the endpoint's event.

    Raises:
        InputError: see `npc.cohort.centres.sides`.
    """
    if not _takes_turns(config):
        return [config]
    centres = patients["centre"].astype(str)
    tested = tested_hospitals(config.split.test) or sorted(set(centres))
    sides(centres, patients[config.endpoint.event], config.split.development, tested)
    runs = [OmegaConf.merge(config, {"split": {"test": [name]}}) for name in tested]
    return [run for run in runs if isinstance(run, DictConfig)]


def _takes_turns(config: DictConfig) -> bool:
    """Whether several hospitals are to be tested, one after the other."""
    return config.split.by == LEAVE_ONE_OUT and len(tested_hospitals(config.split.test)) != 1
