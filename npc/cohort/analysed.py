"""The patients who are analysed, with their split and label, and the others.

At a landmark the label of a patient who was censored before is not known. No signature learns from these patients and
no AUC counts them, but Kaplan-Meier curves, log-rank tests and Cox regressions do: without them, the patients who are
left are those with an early event and those with a long follow-up, and survival reads too low.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from npc.cohort.cohort import Cohort
from npc.cohort.label import label
from npc.cohort.split import check_sizes, split
from npc.errors import InputError

UNUSED = "hospital neither in split.development nor in split.test"


def analysed(cohort: Cohort, endpoint: DictConfig, choices: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The patients of a run.

    The split is drawn before patients with a missing sequence or an unknown label are excluded, so that every choice of
    sequences and every kind of endpoint has the same.

    Args:
        cohort: a checked cohort.
        endpoint: its columns `event` and `time`, its `kind`, and the `months` of a landmark.
        choices: of the split.

    Returns:
        The patients with `split`, `label`, `time` and `event`, and the excluded patients, last those of unused
        hospitals and those without a label.

    Raises:
        InputError: there is no outcome, the choices are invalid, or a split is too small.
    """
    if endpoint.event not in cohort.patients:
        raise InputError(
            f"cohort {cohort.name}: there is no {endpoint.event}, and so no split of its patients; "
            "choose a cohort with this outcome, or another endpoint"
        )
    patients = _with_outcome(cohort, endpoint, choices)
    unused = patients[patients["split"].isna()]
    patients = patients.drop(unused.index)
    unknown = patients[patients["label"].isna()]
    patients = patients.drop(unknown.index)
    check_sizes(patients["split"], patients["label"])
    excluded = [
        rows[["centre"]].assign(reason=reason).reset_index()
        for rows, reason in ((unused, UNUSED), (unknown, f"censored before month {endpoint.months or 0:g}"))
        if len(rows)
    ]
    return patients, pd.concat([cohort.exclusions, *excluded], ignore_index=True) if excluded else cohort.exclusions


def unused_centres(exclusions: pd.DataFrame) -> dict[str, int]:
    """The hospitals that neither develop nor test, each with its patients."""
    counts = exclusions.loc[exclusions["reason"] == UNUSED, "centre"].value_counts(sort=False)
    return {str(centre): int(count) for centre, count in counts.items()}


def unlabelled(cohort: Cohort, endpoint: DictConfig, choices: Mapping[str, Any]) -> pd.DataFrame:
    """The patients censored before a landmark: their label is missing. Arguments and columns as for `analysed`."""
    patients = _with_outcome(cohort, endpoint, choices)
    return patients[patients["label"].isna() & patients["split"].notna()]


def _with_outcome(cohort: Cohort, endpoint: DictConfig, choices: Mapping[str, Any]) -> pd.DataFrame:
    patients = cohort.patients.copy()
    everyone = pd.concat([rows[["centre", endpoint.event]] for rows in (patients, cohort.lacking) if len(rows)])
    patients["split"] = split(everyone, endpoint.event, **choices).reindex(patients.index)
    patients["time"] = patients[endpoint.time].astype(float)
    patients["event"] = patients[endpoint.event].astype(int)
    patients["label"] = label(patients["time"], patients["event"], endpoint.kind, endpoint.months)
    return patients
