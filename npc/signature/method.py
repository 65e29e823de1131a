"""The deep-learning signature as a method of making runs."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pandas as pd
from omegaconf import DictConfig

from npc.cohort.cohort import Cohort
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.files import write_text
from npc.imaging.input_settings import Preprocess, preprocess_settings
from npc.imaging.outline_sizes import outline_sizes
from npc.imaging.size import OutlineSize
from npc.imaging.store import Slices, open_store, slices_hash
from npc.imaging.views import views
from npc.names import MODELS
from npc.run.folder import RunFolder
from npc.run.method import Fitted, Inputs, ShouldPrune
from npc.run.tracker import Tracker
from npc.signature.processor import prepare_processor
from npc.terminal import say


class DeepLearning:
    """Fulfils `npc.run.method.Method`.

    Torch takes seconds to import: `fit` and `refit` do so, when all of the user's input is checked.
    """

    title = MODELS["deep_learning"]

    def __init__(
        self, config: DictConfig, cohort: Cohort, run: RunFolder, should_prune: ShouldPrune | None = None
    ) -> None:
        self.config, self.cohort, self.run, self.should_prune = config, cohort, run, should_prune

    def inputs(self, patients: pd.DataFrame) -> Inputs:
        """Hashes of the slices; no slice is built."""
        fewest = self._fewest(patients)
        if self.config.folds > fewest:
            raise InputError(
                f"folds={self.config.folds}: the training cohort has only {fewest} patients of one class; "
                "choose fewer folds"
            )
        return Inputs(self._hashes(), {})

    @cached_property
    def slices(self) -> Sequence[Slices]:
        """The slices of each sequence; missing ones are built."""
        settings, sequences = preprocess_settings(self.config), run_sequences(self.config)
        return read_slices(
            self.config.store, self.cohort, sequences, settings, with_sizes=self.config.network.size_input
        )

    def prepare(self, patients: pd.DataFrame) -> None:
        """Builds the slices that are missing in the store."""
        _ = self.slices

    def fit(self, patients: pd.DataFrame, tracker: Tracker) -> Fitted:
        """Trains the network, chooses the epoch, predicts; writes `survival.csv` where the endpoint is a time."""
        prepare_processor()
        from npc.signature.fit import fit, lightning_logger

        fitted = fit(self.config, self.run, self.slices, patients, lightning_logger(tracker), self.should_prune)
        if fitted.survival is not None:
            write_text(self.run.survival, fitted.survival.to_csv())
        return fitted

    def refit(self, patients: pd.DataFrame) -> None:
        """Writes the out-of-fold risks that `folds` asks for."""
        if not self._lacks_folds():
            return
        _ = self.slices
        prepare_processor()
        from npc.signature.out_of_fold import write_out_of_fold

        with self.run.logging():
            write_out_of_fold(self.config, self.run, self.slices, patients)
        say(f"written to {self.run.out_of_fold}")

    def assist(self, patients: pd.DataFrame) -> None:
        """Computes together with the process that writes, which has already deleted what `force` replaces."""
        complete, lacks_folds = self.run.done, self._lacks_folds()
        if complete and not lacks_folds:
            return
        _ = self.slices
        prepare_processor()
        from npc.signature.fit import fit
        from npc.signature.out_of_fold import refits

        if not complete:
            fit(self.config, self.run, self.slices, patients, logger=False)
        if lacks_folds:
            for _ in refits(self.config, self.run, self.slices, patients):
                pass

    def _hashes(self) -> dict[str, str]:
        seen = views(self.cohort, run_sequences(self.config))
        return {f"store_{of.name}": slices_hash(*stored(self.config, of.cohort, of.sequence)) for of in seen}

    @staticmethod
    def _fewest(patients: pd.DataFrame) -> int:
        """Training patients of the rarer class."""
        return int(patients.loc[patients["split"] == "train", "label"].value_counts().min())

    def _lacks_folds(self) -> bool:
        """Whether `folds` asks for refits that do not exist yet."""
        if not self.config.folds:
            return False
        with suppress(FileNotFoundError):
            return pd.read_csv(self.run.out_of_fold)["fold"].max() != self.config.folds
        return True


class Ensemble(DeepLearning):
    """As `DeepLearning`, with several networks; its out-of-fold risks are part of `fit`."""

    title = MODELS["ensemble"]

    def inputs(self, patients: pd.DataFrame) -> Inputs:
        """Hashes of the slices; no slice is built."""
        settings = self.config.ensemble
        fewest = self._fewest(patients)
        # a fold is left out, and of the other patients a share is kept for the choice of the epoch
        inner = fewest * (1 - 1 / settings.folds) * settings.inner
        if settings.folds > fewest or 0 < inner < 1:
            raise InputError(
                f"ensemble.folds={settings.folds} ensemble.inner={settings.inner}: the training cohort has only "
                f"{fewest} patients of one class, too few to have one in each fold and in each inner share; choose "
                "fewer folds or a larger share"
            )
        return Inputs(self._hashes(), {})

    def fit(self, patients: pd.DataFrame, tracker: Tracker) -> Fitted:
        """Trains the networks and averages their risks."""
        prepare_processor()
        from npc.signature.ensemble import fit_ensemble

        return fit_ensemble(self.config, self.run, self.slices, patients)

    def refit(self, patients: pd.DataFrame) -> None:
        """Does nothing: `fit` has made the out-of-fold risks."""

    def assist(self, patients: pd.DataFrame) -> None:
        """Computes together with the process that writes."""
        if self.run.done:
            return
        _ = self.slices
        prepare_processor()
        from npc.signature.ensemble import train_members

        for _ in train_members(self.config, self.run, self.slices, patients):
            pass


def stored(config: DictConfig, cohort: Cohort, sequence: str) -> tuple:
    """The place of one sequence of the cohort in the store: the arguments of the store's functions."""
    return config.store, cohort, sequence, preprocess_settings(config)


def read_slices(
    store: str | Path, cohort: Cohort, sequences: Sequence[str], settings: Preprocess, *, with_sizes: bool
) -> list[Slices]:
    """The slices of each sequence, and of each region where there are several; missing ones are built.

    Args:
        store: folder of all stores.
        cohort: every patient has the sequences.
        sequences: in the order in which the network joins them.
        settings: of the network's input.
        with_sizes: whether the network reads the sizes of the outlines, too.

    Raises:
        InputError: faults of the images, of all patients at once.
    """
    slices = [open_store(store, view.cohort, view.sequence, settings) for view in views(cohort, sequences)]
    if not with_sizes:
        return slices
    sizes = sizes_by_patient(store, cohort, sequences)
    return [replace(of, sizes=own) for of, own in zip(slices, sizes, strict=True)]


def sizes_by_patient(folder: str | Path, cohort: Cohort, sequences: Sequence[str]) -> list[dict[str, OutlineSize]]:
    """The sizes of the outlines of all patients, of each sequence."""
    table = outline_sizes(folder, cohort, sequences, cohort.patients.index)
    rows = [table[table["sequence"] == sequence] for sequence in sequences]
    return [dict(zip(of["patient_id"], map(OutlineSize, of["volume"], of["area"]), strict=True)) for of in rows]
