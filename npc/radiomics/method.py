"""The radiomic signature as a method of a run: `train.py method=radiomic`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline

from npc.cohort.cohort import Cohort
from npc.config.values import feature_settings, run_sequences
from npc.errors import InputError
from npc.imaging.acquisition import read_scanner
from npc.imaging.views import View, lacking, views, with_own_slices
from npc.names import MODELS
from npc.radiomics.extract import Extracted, extract
from npc.radiomics.fit import FittedSignature, fit
from npc.radiomics.reproducibility import lowest_icc
from npc.radiomics.selection.chain import pipeline
from npc.run.absent import fill_absent, side_by_side
from npc.run.folder import RunFolder
from npc.run.method import Inputs
from npc.run.tracker import Tracker


class Radiomic:
    """Fulfils `npc.run.method.Method`; its out-of-fold risks are part of `fit`."""

    title = MODELS["radiomic"]
    extracted: Mapping[str, Extracted]
    pipeline: Pipeline

    def __init__(self, config: DictConfig, cohort: Cohort, run: RunFolder) -> None:
        self.config, self.cohort, self.run = config, cohort, run

    def inputs(self, patients: pd.DataFrame) -> Inputs:
        """Extracts the features that the store lacks; patients whose features can't be extracted are excluded."""
        self._check_folds(patients)  # extraction takes minutes
        sequences = run_sequences(self.config)
        absent = lacking(self.config.store, self.cohort, sequences, self.cohort.patients.index)
        seen = views(self.cohort, sequences)
        self.extracted = {view.name: self._extract(view, absent) for view in seen}
        self.may_lack = [view.name for view in seen if view.may_be_absent]
        return Inputs(
            {f"features_{sequence}": found.hash for sequence, found in self.extracted.items()},
            {patient: reason for found in self.extracted.values() for patient, reason in found.failures.items()},
        )

    def prepare(self, patients: pd.DataFrame) -> None:
        """Builds the pipeline; the ICCs are those of the training patients with second outlines."""
        self._check_folds(patients)  # some may have been excluded
        training = patients.index[patients["split"] == "train"]
        icc = pd.concat(
            lowest_icc(found.outlines(self.config.slices, training)).add_prefix(f"{sequence}_")
            for sequence, found in self.extracted.items()
        )
        choices = self.config.radiomics
        scanner = _scanners(self.cohort, patients, next(iter(self.extracted))) if choices.combat else None
        self.pipeline = pipeline(choices, self.config.slices, icc, self.config.cohort.icc, scanner, self.config.seed)
        features = table(self.extracted, self.config.slices, self.may_lack)
        fill_absent(self.pipeline, features, self.may_lack)

    def fit(self, patients: pd.DataFrame, tracker: Tracker) -> FittedSignature:
        """Fits selection and signature, and writes their files."""
        features = table(self.extracted, self.config.slices, self.may_lack).loc[patients.index]
        fitted = fit(self.pipeline, features, patients, self.config)
        fitted.write(self.run.path)
        return fitted

    def refit(self, patients: pd.DataFrame) -> None:
        """Does nothing: `fit` has made the out-of-fold risks."""

    def assist(self, patients: pd.DataFrame) -> None:
        """Does nothing: a single process fits."""

    def _check_folds(self, patients: pd.DataFrame) -> None:
        """Checks that each fold of the nested cross-validation can have both classes."""
        folds = self.config.radiomics.nested
        fewest = int(patients.loc[patients["split"] == "train", "label"].value_counts().min())
        if folds > fewest:
            raise InputError(
                f"radiomics.nested={folds}: the training cohort has only {fewest} patients of one class; choose fewer "
                "folds"
            )

    def _extract(self, view: View, absent: Mapping[str, Mapping[str, Sequence[str]]]) -> Extracted:
        # the slices of a region are its own: its features need no common grid with those of the first region
        cohort = with_own_slices(view, absent)
        choices, settings = self.config.radiomics, feature_settings(self.config)
        if self.cohort.control == "shape":
            settings = replace(settings, filters=["original"], classes=["shape"])
        return extract(cohort, view.sequence, settings, store=self.config.store, missing=choices.missing)


def table(extracted: Mapping[str, Extracted], slices: str, may_lack: Sequence[str] = ()) -> pd.DataFrame:
    """The features of all sequences and regions, each named `<view>_<feature>` (`npc.run.absent.side_by_side`).

    Args:
        extracted: by view.
        slices: `max` or `three`.
        may_lack: the views whose region a patient may lack.
    """
    return side_by_side({s: of.features[slices].add_prefix(f"{s}_") for s, of in extracted.items()}, may_lack)


def _scanners(cohort: Cohort, patients: pd.DataFrame, sequence: str) -> pd.Series:
    """Vendor and field strength of each patient's image."""
    studies = [study for study in cohort.studies(sequence) if study.patient in patients.index]
    found = {study.patient: read_scanner(study.image) for study in studies}
    unknown = [patient for patient, name in found.items() if name is None]
    if unknown:
        raise InputError(
            f"radiomics.combat=true: the scanner (vendor and field strength) of {len(unknown)} patients "
            f"({', '.join(unknown[:3])}{', ...' if len(unknown) > 3 else ''}) is neither in their DICOM headers nor in "
            "their BIDS sidecars; provide these, or set radiomics.combat=false"
        )
    return pd.Series(found)
