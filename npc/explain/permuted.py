"""The network of a run, trained again on permuted outcomes: it has learned nothing true, so its maps are a check.

It has the choices of the run, keeps the weights of its last epoch, and has as many epochs as the run's own network
needed: the best epoch by permuted outcomes would often be the first one. It begins with weights, and takes an order of
patients, of its own, by `SEED`: from the weights of the run's network its map would resemble the run's without having
learnt the same. Pretrained weights are those of both, so that the maps may then share what the outcomes did not teach.
The check is that of Adebayo et al., NeurIPS 2018.
"""

import logging
from pathlib import Path
from typing import cast

import numpy as np
from omegaconf import DictConfig, OmegaConf

from npc.bundle import networks
from npc.bundle.part import Part
from npc.cohort.load import load
from npc.config.loading import of_finished
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.imaging.views import seen
from npc.names import TUMOUR
from npc.prognosis.runs import read_run
from npc.run.controls import of_one_process, permuted
from npc.run.folder import RunFolder
from npc.run.tracker import Tracker
from npc.signature.method import DeepLearning

log = logging.getLogger(__name__)
SEED = 19_000_001  # of the network and of the permutation: none that a run is likely to have
_NAME = "permuted_outcomes"  # `shuffled_outcomes` was one of the seed of the run


def with_permuted_outcomes(path: Path, part: Part) -> Part:
    """The same signature with the network of permuted outcomes; one network stands for an ensemble.

    It is trained by the first call and kept as `controls/permuted_outcomes.ckpt` of the run.

    Args:
        path: folder of a finished run.
        part: its signature.

    Raises:
        InputError: the images of the run are not there.
    """
    run = RunFolder(path)
    file = run.controls / f"{_NAME}.ckpt"
    with run.lock():
        if not file.exists():
            _train(run, file)
    return networks.with_checkpoint(part, file)


def _train(run: RunFolder, file: Path) -> None:
    config = of_finished(run.path)
    sequences, region = run_sequences(config), config.get("region", TUMOUR)
    cohort, _ = seen(load(config.cohort, config.endpoint, sequences), region, sequences, config.store)
    patients = read_run(run.path).predictions[["split", "label", "time", "event"]]
    choices = of_one_process(config)
    own = {"seed": SEED, "trainer": {"epoch": "last", "max_epochs": _epochs(run)}}
    choices = cast(DictConfig, OmegaConf.merge(choices, own))
    control = RunFolder(run.controls / _NAME)
    method = DeepLearning(choices, cohort, control)
    hashes = method.inputs(patients).hashes
    if {name: (run.data() or {}).get(name) for name in hashes} != dict(hashes):
        raise InputError(
            f"{run.path}: the images in {config.cohort.root} are no longer those of the run; put them back, or leave "
            "--permuted out"
        )
    method.prepare(patients)
    with run.logging():
        log.info("a network of permuted outcomes, for the maps")
        fitted = method.fit(permuted(patients, SEED, 1), Tracker(control))
    part = file.with_suffix(".part")
    fitted.save(part)
    part.replace(file)
    control.clear_leftovers()


def _epochs(run: RunFolder) -> int:
    """Of the network that predicts; of an ensemble the median of its networks."""
    return int(np.median([of["epoch"] + 1 for of in networks.checkpoints(run.model)]))
