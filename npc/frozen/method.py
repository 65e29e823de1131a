"""The frozen-encoder signature as a method of a run: `train.py method=frozen`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from npc.cohort.cohort import Cohort
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.frozen.fit import FrozenSignature, check_varying, fit
from npc.imaging.input_settings import Preprocess, preprocess_settings
from npc.imaging.outline_sizes import outline_sizes
from npc.imaging.store import open_store, slices_hash
from npc.imaging.views import View, lacking, views, with_own_slices
from npc.names import MODELS
from npc.run.absent import side_by_side
from npc.run.folder import RunFolder
from npc.run.method import Inputs
from npc.run.tracker import Tracker

if TYPE_CHECKING:
    from npc.frozen.encoder import Encoder


class Frozen:
    """Fulfils `npc.run.method.Method`; its out-of-fold risks are part of `fit`."""

    title = MODELS["frozen"]
    features: pd.DataFrame
    may_lack: Sequence[str]
    encoder: Mapping[str, Any]

    def __init__(self, config: DictConfig, cohort: Cohort, run: RunFolder) -> None:
        self.config, self.cohort, self.run = config, cohort, run

    def inputs(self, patients: pd.DataFrame) -> Inputs:
        """Hashes of the slices; no slice is built."""
        self._check_folds(patients[patients["split"] == "train"])
        settings = preprocess_settings(self.config)
        seen = own_views(self.config.store, self.cohort, run_sequences(self.config))
        hashes = {f"store_{of.name}": slices_hash(self.config.store, of.cohort, of.sequence, settings) for of in seen}
        return Inputs(hashes, {})

    def prepare(self, patients: pd.DataFrame) -> None:
        """Builds the slices and computes the features that the store lacks."""
        from npc.frozen.encoder import Encoder  # torch takes seconds

        config = self.config
        encoder = Encoder(config.encoder, config.seed)  # before the slices, which take longer: it may not be there
        self.encoder = encoder.about
        self.features, self.may_lack = features_of(
            encoder, self.cohort, run_sequences(config), patients.index, config.slices, preprocess_settings(config),
            config.store,
        )  # fmt: skip
        check_varying(self.features, patients.index[patients["split"] == "train"])

    def fit(self, patients: pd.DataFrame, tracker: Tracker) -> FrozenSignature:
        """Fits the regression, and writes its out-of-fold risks."""
        fitted = fit(self.features, patients, self.encoder, self.config, self.may_lack)
        fitted.write(self.run.path)
        return fitted

    def refit(self, patients: pd.DataFrame) -> None:
        """Does nothing: `fit` has made the out-of-fold risks."""

    def assist(self, patients: pd.DataFrame) -> None:
        """Does nothing: a single process fits."""

    def _check_folds(self, training: pd.DataFrame) -> None:
        """Checks that each fold, and each fold of the penalty's choice within the others, can have both classes."""
        choices = self.config.encoder
        columns = ["label", "event"] if self.config.endpoint.kind == "cox" else ["label"]
        fewest = min(int(training[column].astype(int).value_counts().min()) for column in columns)
        if choices.nested > fewest or choices.folds > fewest - ceil(fewest / choices.nested):
            raise InputError(
                f"encoder.nested={choices.nested}, encoder.folds={choices.folds}: the training cohort has only "
                f"{fewest} patients of one class; choose fewer folds"
            )


def own_views(store: str | Path, cohort: Cohort, sequences: Sequence[str]) -> list[View]:
    """The regions and sequences whose features stand side by side, each with the patients who have it, if any.

    The slices of a region are its own: its features need no common grid with those of the first region.
    """
    absent = lacking(store, cohort, sequences, cohort.patients.index)
    own = [replace(view, cohort=with_own_slices(view, absent)) for view in views(cohort, sequences)]
    return [view for view in own if len(view.cohort.patients)]


def features_of(
    encoder: "Encoder",
    cohort: Cohort,
    sequences: Sequence[str],
    patients: pd.Index,
    slices: str,
    preprocess: Preprocess,
    store: str | Path,
) -> tuple[pd.DataFrame, list[str]]:
    """The features of the patients, and the views whose region a patient may lack.

    Args:
        encoder: with `encoder.size_input` of its settings the outlines' sizes are features, too.
        cohort: every patient has the sequences.
        sequences: of the run.
        patients: those wanted.
        slices: `max`, `three` or `all`.
        preprocess: settings of the slices.
        store: folder of all stores.

    Returns:
        (patients, features), NaN where a patient lacks a region (`npc.run.absent.side_by_side`).

    Raises:
        InputError: faults of the images, of all patients at once.
    """
    from npc.frozen.features import encode  # torch takes seconds

    seen = own_views(store, cohort, sequences)
    stores = {view.name: open_store(store, view.cohort, view.sequence, preprocess) for view in seen}
    tables = {name: encode(encoder, of, patients, slices, store, name) for name, of in stores.items()}
    may_lack = [view.name for view in views(cohort, sequences) if view.may_be_absent]
    found = side_by_side(tables, may_lack)
    if encoder.settings.size_input:
        found = pd.concat([found, *size_features(store, seen, patients)], axis=1)
    return found.loc[patients], may_lack


def size_features(store: str | Path, seen: Sequence[View], patients: pd.Index) -> list[pd.DataFrame]:
    """Natural logarithms of volume and area of each view's outlines, (patients, 2), of the patients who have it.

    Args:
        store: folder of all stores.
        seen: of `own_views`.
        patients: those wanted.
    """
    logs = []
    for view in sorted(seen, key=lambda view: view.name):
        there = patients[patients.isin(view.cohort.patients.index)]
        table = outline_sizes(store, view.cohort, [view.sequence], there).set_index("patient_id")
        logs.append(table[["volume", "area"]].apply(np.log).add_prefix(f"{view.name}_log_"))
    return logs
