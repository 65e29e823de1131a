"""The frozen-encoder signature as a method of a run: `train.py method=frozen`."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from npc.cohort.cohort import Cohort
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.frozen.fit import FrozenSignature, check_varying, fit
from npc.imaging.input_settings import preprocess_settings
from npc.imaging.outline_sizes import outline_sizes
from npc.imaging.store import open_store, slices_hash
from npc.names import MODELS
from npc.run.folder import RunFolder
from npc.run.method import Inputs
from npc.run.tracker import Tracker


class Frozen:
    """Fulfils `npc.run.method.Method`; its out-of-fold risks are part of `fit`."""

    title = MODELS["frozen"]
    features: pd.DataFrame
    encoder: Mapping[str, Any]

    def __init__(self, config: DictConfig, cohort: Cohort, run: RunFolder) -> None:
        self.config, self.cohort, self.run = config, cohort, run

    def inputs(self, patients: pd.DataFrame) -> Inputs:
        """Hashes of the slices; no slice is built."""
        self._check_folds(patients[patients["split"] == "train"])
        return Inputs({f"store_{s}": slices_hash(*self._stored(s)) for s in run_sequences(self.config)}, {})

    def prepare(self, patients: pd.DataFrame) -> None:
        """Builds the slices and computes the features that the store lacks."""
        from npc.frozen.encoder import Encoder  # torch takes seconds
        from npc.frozen.features import encode

        config = self.config
        encoder = Encoder(config.encoder, config.seed)  # before the slices, which take longer: it may not be there
        self.encoder = encoder.about
        slices = {sequence: open_store(*self._stored(sequence)) for sequence in run_sequences(config)}
        parts = [encode(encoder, of, patients.index, config.slices, config.store, name) for name, of in slices.items()]
        if config.encoder.size_input:
            parts.append(size_features(config.store, self.cohort, run_sequences(config), patients.index))
        self.features = pd.concat(parts, axis=1)
        check_varying(self.features, patients.index[patients["split"] == "train"])

    def fit(self, patients: pd.DataFrame, tracker: Tracker) -> FrozenSignature:
        """Fits the regression, and writes its out-of-fold risks."""
        fitted = fit(self.features, patients, self.encoder, self.config)
        fitted.write(self.run.path)
        return fitted

    def refit(self, patients: pd.DataFrame) -> None:
        """Does nothing: `fit` has made the out-of-fold risks."""

    def assist(self, patients: pd.DataFrame) -> None:
        """Does nothing: a single process fits."""

    def _stored(self, sequence: str) -> tuple:
        return self.config.store, self.cohort, sequence, preprocess_settings(self.config)

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


def size_features(store: str | Path, cohort: Cohort, sequences: Sequence[str], patients: pd.Index) -> pd.DataFrame:
    """Natural logarithms of volume and area of each sequence's outline, (patients, 2 x sequences).

    Args:
        store: folder of all stores.
        cohort: every patient has the sequences.
        sequences: whose outlines are measured.
        patients: those wanted.
    """
    table = outline_sizes(store, cohort, sequences, patients)
    by_sequence = table.set_index("patient_id").groupby("sequence")[["volume", "area"]]
    logs = [sizes.loc[patients].apply(np.log).add_prefix(f"{sequence}_log_") for sequence, sizes in by_sequence]
    return pd.concat(logs, axis=1)
