"""From a cohort on disk to a signature and its logged predictions: the steps of a run of any method."""

import os
from collections.abc import Mapping

import pandas as pd
from omegaconf import DictConfig

from npc.cohort.analysed import analysed, unlabelled, unused_centres
from npc.cohort.load import load
from npc.cohort.split import check_sizes, outcome_hash, split_hash
from npc.config.key import run_folder
from npc.config.values import run_sequences
from npc.errors import grouped
from npc.imaging.views import seen, view_sizes
from npc.run.controls import check_processes, write_controls, write_permutations
from npc.run.folder import RunFolder
from npc.run.method import UNLABELLED, ShouldPrune, method_of
from npc.run.metrics import by_split, print_metrics
from npc.run.tracker import report_complete, track
from npc.terminal import say


def train(config: DictConfig, should_prune: ShouldPrune | None = None) -> None:
    """Makes the run that the config asks for, or prints the metrics of an earlier run with the same choices.

    Args:
        config: checked choices (`npc.config.loading.checked`).
        should_prune: decides whether to stop the run early, see `npc.run.method.method_of`.

    Raises:
        InputError: the cohort or its images can't be used.
        StoppedError: the run was pruned.
    """
    run, sequences = RunFolder(run_folder(config)), run_sequences(config)
    check_processes(config, run)
    cohort = load(config.cohort, config.endpoint, sequences, known=run.checked_table)
    cohort, notes = seen(cohort, config.region, sequences, config.store)
    for warning in grouped(cohort.warnings):
        say(f"npc: warning: {warning}", error=True)
    for note in notes:
        say(f"npc: note: {note}", error=True)
    patients, exclusions = analysed(cohort, config.endpoint, config.split)
    for centre, count in unused_centres(exclusions).items():
        say(f"npc: note: {centre} ({count} patients) neither develops nor tests (split)", error=True)
    method = method_of(config, cohort, run, should_prune)
    inputs = method.inputs(patients)
    patients, unusable = _without_failures(patients, inputs.failures)
    lost = unlabelled(cohort, config.endpoint, config.split)
    lost = lost.drop(lost.index.intersection(list(inputs.failures)))
    predicted = pd.concat([patients, lost.assign(split=UNLABELLED)]) if len(lost) else patients
    exclusions = pd.concat([exclusions, unusable], ignore_index=True)
    data = {"split": split_hash(patients["split"]), "outcome": outcome_hash(patients), **inputs.hashes}
    if _shares_the_work():
        method.assist(predicted)
        return
    with run.lock():
        if run.done and not config.force:
            run.check_same_data(data)
            run.clear_leftovers()
            print_metrics(run.metrics, method.title)
            say(f"{run.path} is complete; force=true runs it again")
            if (root := run.cohort_root) != config.cohort.root:
                say(f"it was made from {root}; the patients, outcomes and images in {config.cohort.root} are the same")
            report_complete(config, run)
        else:
            method.prepare(predicted)
            run.begin(config, data, patients["split"], exclusions, cohort.checked)
            run.write_outlines(view_sizes(config.store, cohort, sequences, patients.index))
            if len(exclusions):
                say(f"left out: {len(exclusions)} patients ({run.path / 'exclusions.csv'})")
            with run.logging(), track(config, run) as tracker:
                fitted = method.fit(predicted, tracker)
                risks = fitted.predictions.set_index("patient_id")
                predictions = risks.loc[patients.index].reset_index()
                metrics = by_split(predictions) | dict(fitted.metrics)
                metrics["oracle"] = {
                    split: cohort.truth.best_auc(rows, "label", sequences) if cohort.truth else {}
                    for split, rows in patients.groupby("split")
                }
                run.write_unlabelled(risks.loc[lost.index].assign(split=lost["split"]))
                run.write_results(predictions, metrics, fitted.save)
                tracker.report(predictions, metrics)
                run.finish()
            print_metrics(metrics, method.title)
            say(f"written to {run.path}")
        method.refit(patients)
        if config.controls:
            write_controls(config, cohort, run, patients)
        if config.permutations:
            write_permutations(config, cohort, run, patients)


def _without_failures(patients: pd.DataFrame, failures: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The usable patients, and the others with the reason; the split was drawn before."""
    if not failures:
        return patients, pd.DataFrame()
    failed = patients[patients.index.isin(list(failures))]
    usable = patients.drop(failed.index)
    check_sizes(usable["split"], usable["label"])
    return usable, failed[["centre"]].assign(reason=[failures[str(patient)] for patient in failed.index]).reset_index()


def _shares_the_work() -> bool:
    """Whether a launcher of several processes (Lightning, torchrun, Slurm) started this one as any but the first."""
    return any(int(os.environ.get(name) or 0) > 0 for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID"))
