"""The protocol of a method that makes signatures, such as deep learning or radiomics, and the choice of the method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from omegaconf import DictConfig

from npc.cohort.cohort import Cohort
from npc.run.folder import RunFolder
from npc.run.tracker import Tracker

ShouldPrune = Callable[[int, float], bool]
UNLABELLED = "unlabelled"  # split of patients who are predicted only: at a landmark their label is not known


@dataclass(frozen=True)
class Inputs:
    """The data that a method reads of the patients.

    Attributes:
        hashes: by name, of the content of images and outlines and of the settings with which they are read.
        failures: why a patient can't be used, by `patient_id`.
    """

    hashes: Mapping[str, str]
    failures: Mapping[str, str]


class Fitted(Protocol):
    """A signature that was fitted on the training patients.

    Attributes:
        predictions: `patient_id`, `split`, `label`, `time`, `event`, `risk` of all patients, in their order.
        metrics: the method's own, for `metrics.json`.
    """

    @property
    def predictions(self) -> pd.DataFrame: ...  # noqa: D102

    @property
    def metrics(self) -> Mapping[str, Any]: ...  # noqa: D102

    def save(self, path: Path) -> object:
        """Writes the model as a checkpoint that loads with `weights_only=True`."""


class Method(Protocol):
    """One run of a method; its methods are called in the order in which they are listed.

    Attributes:
        title: name of its signature.
    """

    title: str

    def inputs(self, patients: pd.DataFrame) -> Inputs:
        """The data that the method reads of these patients; they have `split`, `label`, `time` and `event`.

        Raises:
            InputError: no signature can be made of them.
        """

    def prepare(self, patients: pd.DataFrame) -> None:
        """Reads what `fit` needs, so that faults of the images are reported before the run folder is made.

        Raises:
            InputError: faults of all images at once.
        """

    def fit(self, patients: pd.DataFrame, tracker: Tracker) -> Fitted:
        """Learns from the training patients and predicts all; an interrupted fit continues where it stopped.

        Patients of the split `UNLABELLED`, the last, are only predicted. They change no risk of the others.
        """

    def refit(self, patients: pd.DataFrame) -> None:
        """Makes what needs further fits in addition to the signature, if not yet made, such as out-of-fold risks."""

    def assist(self, patients: pd.DataFrame) -> None:
        """The work of a process that a launcher started in addition to the first; it writes no files."""


def method_of(config: DictConfig, cohort: Cohort, run: RunFolder, should_prune: ShouldPrune | None = None) -> Method:
    """The method that the config names.

    Args:
        config: checked choices.
        cohort: has the sequences of the run.
        run: its folder.
        should_prune: decides in a search whether to stop the run early, if the method has epochs; its arguments are the
            number of finished epochs and their highest validation AUC.
    """
    if config.method == "radiomic":
        from npc.radiomics.method import Radiomic

        return Radiomic(config, cohort, run)
    if config.method == "frozen":
        from npc.frozen.method import Frozen

        return Frozen(config, cohort, run)
    from npc.signature.method import DeepLearning, Ensemble

    if config.method == "ensemble":
        return Ensemble(config, cohort, run)
    return DeepLearning(config, cohort, run, should_prune)
