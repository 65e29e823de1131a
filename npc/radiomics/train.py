"""From a cohort on disk to a radiomic signature and its logged predictions: `train.py method=radiomic`."""

from collections.abc import Mapping

import pandas as pd
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline

from npc.cohort.analysed import analysed
from npc.cohort.cohort import Cohort
from npc.cohort.load import load
from npc.cohort.split import check_sizes, outcome_hash, split_hash
from npc.config import feature_settings, run_folder, run_sequences
from npc.errors import InputError
from npc.imaging.acquisition import read_scanner
from npc.phantom.source import oracle
from npc.radiomics.extract import Extracted, extract
from npc.radiomics.fit import fit
from npc.radiomics.pipeline import pipeline
from npc.radiomics.reproducibility import lowest_icc
from npc.run.folder import RunFolder
from npc.run.metrics import print_metrics

TITLE = "Radiomic signature"


def train(config: DictConfig) -> None:
    """Makes the signature that the config asks for, or tells what an earlier run of the same choices gave.

    Args:
        config: checked choices (`npc.config.check`).

    Raises:
        InputError: the cohort, its images or the choices cannot be used.
    """
    run = RunFolder(run_folder(config))
    sequences = run_sequences(config)
    cohort = load(config.cohort, config.endpoint, sequences)
    patients, exclusions = analysed(cohort, config.endpoint, config.split)
    extracted = {sequence: _extract(config, cohort, sequence) for sequence in sequences}
    patients, failed = _without_failures(patients, extracted)
    data = {
        "split": split_hash(patients["split"]),
        "outcome": outcome_hash(patients),
        **{f"features_{sequence}": found.hash for sequence, found in extracted.items()},
    }
    with run.lock():
        if run.done and not config.force:
            run.check_same_data(data)
            run.clear_leftovers()
            print_metrics(run.metrics, TITLE)
            print(f"{run.path} is complete; force=true runs it again")
            return
        exclusions = pd.concat([exclusions, failed], ignore_index=True)
        run.begin(config, data, patients["split"], exclusions)
        if len(exclusions):
            print(f"left out: {len(exclusions)} patients ({run.path / 'exclusions.csv'})")
        with run.logging():
            features = table(extracted, config.slices).loc[patients.index]
            fitted = fit(_pipeline(config, cohort, patients, extracted), features, patients, config)
            metrics = fitted.metrics
            metrics["oracle"] = {
                name: oracle(cohort.root, rows, "label", sequences) for name, rows in patients.groupby("split")
            }
            fitted.write(run.path)
            run.write_results(fitted.predictions, metrics, fitted.save)
            run.finish()
        print_metrics(metrics, TITLE)
        print(f"written to {run.path}")


def table(extracted: Mapping[str, Extracted], slices: str) -> pd.DataFrame:
    """The features of all sequences side by side, each named `<sequence>_<feature>`.

    Args:
        extracted: by sequence.
        slices: `max` or `three`.
    """
    return pd.concat([found.features[slices].add_prefix(f"{s}_") for s, found in extracted.items()], axis=1)


def _extract(config: DictConfig, cohort: Cohort, sequence: str) -> Extracted:
    choices = config.radiomics
    return extract(
        cohort, sequence, feature_settings(config), store=config.store, label=config.cohort.label,
        roi=config.cohort.roi.get(sequence), missing=choices.missing,
    )  # fmt: skip


def _without_failures(patients: pd.DataFrame, extracted: Mapping[str, Extracted]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The patients whose features there are, and the others with the reason; the split is drawn before."""
    reasons = {patient: reason for found in extracted.values() for patient, reason in found.failures.items()}
    lost = patients[patients.index.isin(list(reasons))]
    patients = patients.drop(lost.index)
    check_sizes(patients["split"], patients["label"])
    return patients, lost[["centre"]].assign(reason=[reasons[str(patient)] for patient in lost.index]).reset_index()


def _pipeline(
    config: DictConfig, cohort: Cohort, patients: pd.DataFrame, extracted: Mapping[str, Extracted]
) -> Pipeline:
    """Everything that is fitted, in order; the ICCs are of the training patients who were outlined again."""
    training = patients.index[patients["split"] == "train"]
    icc = pd.concat(
        [lowest_icc(found.outlines(config.slices, training)).add_prefix(f"{s}_") for s, found in extracted.items()]
    )
    scanner = _scanners(cohort, patients, next(iter(extracted))) if config.radiomics.combat else None
    return pipeline(config.radiomics, config.slices, icc, config.cohort.icc, scanner, config.seed)


def _scanners(cohort: Cohort, patients: pd.DataFrame, sequence: str) -> pd.Series:
    """Vendor and field strength of each patient's image."""
    found = {
        patient: read_scanner(cohort.root / patients.loc[patient, f"{sequence}_image"]) for patient in patients.index
    }
    unknown = [patient for patient, name in found.items() if name is None]
    if unknown:
        raise InputError(
            f"radiomics.combat=true: the scanner (vendor and field strength) of {len(unknown)} patients "
            f"({', '.join(unknown[:3])}{', ...' if len(unknown) > 3 else ''}) is not told by their DICOM headers or "
            "BIDS sidecars; give these, or radiomics.combat=false"
        )
    return pd.Series(found)
