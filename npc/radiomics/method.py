"""The radiomic signature as a method of a run: `train.py method=radiomic`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from omegaconf import DictConfig
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from npc.cohort.cohort import Cohort
from npc.config.values import feature_settings, run_sequences
from npc.errors import InputError
from npc.imaging.acquisition import read_scanner
from npc.imaging.views import View, lacking, views
from npc.names import MODELS
from npc.radiomics.extract import Extracted, extract
from npc.radiomics.fit import FittedSignature, fit
from npc.radiomics.reproducibility import lowest_icc
from npc.radiomics.selection.chain import pipeline
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
        sequences = run_sequences(self.config)
        absent = lacking(self.config.store, self.cohort, sequences, self.cohort.patients.index)
        seen = views(self.cohort, sequences)
        self.extracted = {view.name: self._extract(view, absent.get(view.region, {})) for view in seen}
        self.may_lack = [view.name for view in seen if view.cohort.sliced_by is not None]
        return Inputs(
            {f"features_{sequence}": found.hash for sequence, found in self.extracted.items()},
            {patient: reason for found in self.extracted.values() for patient, reason in found.failures.items()},
        )

    def prepare(self, patients: pd.DataFrame) -> None:
        """Builds the pipeline; the ICCs are those of the training patients with second outlines."""
        training = patients.index[patients["split"] == "train"]
        icc = pd.concat(
            lowest_icc(found.outlines(self.config.slices, training)).add_prefix(f"{sequence}_")
            for sequence, found in self.extracted.items()
        )
        choices = self.config.radiomics
        scanner = _scanners(self.cohort, patients, next(iter(self.extracted))) if choices.combat else None
        self.pipeline = pipeline(choices, self.config.slices, icc, self.config.cohort.icc, scanner, self.config.seed)
        features = table(self.extracted, self.config.slices, self.may_lack)
        if filled := [
            str(name) for name in features if str(name).startswith(tuple(f"{view}_" for view in self.may_lack))
        ]:
            self.pipeline.steps.insert(0, ("absent", filled_by_median(filled)))

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

    def _extract(self, view: View, absent: Mapping[str, Sequence[str]]) -> Extracted:
        lost = [patient for patient, sequences in absent.items() if view.sequence in sequences]
        # the slices of a region are its own: its features need no common grid with those of the first region
        cohort = replace(view.cohort, patients=view.cohort.patients.drop(index=lost), sliced_by=None)
        choices, settings = self.config.radiomics, feature_settings(self.config)
        if self.cohort.control == "shape":
            settings = replace(settings, filters=["original"], classes=["shape"])
        return extract(cohort, view.sequence, settings, store=self.config.store, missing=choices.missing)


def table(extracted: Mapping[str, Extracted], slices: str, may_lack: Sequence[str] = ()) -> pd.DataFrame:
    """The features of all sequences and regions side by side, each named `<view>_<feature>` (`npc.imaging.views`).

    Args:
        extracted: by view.
        slices: `max` or `three`.
        may_lack: the views whose region a patient may lack. They have a further feature, `<view>_present` (0 or 1);
            the others are NaN where it is 0.
    """
    features = pd.concat([found.features[slices].add_prefix(f"{s}_") for s, found in extracted.items()], axis=1)
    present = {
        f"{view}_present": features.index.isin(extracted[view].features[slices].index).astype(float)
        for view in may_lack
    }
    return features.assign(**present)


def filled_by_median(features: Sequence[str]) -> ColumnTransformer:
    """A first step that fills these features, where a patient lacks the region, with the median of those who have it.

    It is fitted, as all other steps, on the patients that the pipeline is fitted on.
    """
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    step = ColumnTransformer(
        [("absent", imputer, list(features))], remainder="passthrough", verbose_feature_names_out=False
    )
    return step.set_output(transform="pandas")


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
