"""The patients of a report: their clinical variables, and split and outcome as the runs have them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from npc.cohort.cohort import Cohort
from npc.cohort.label import label
from npc.errors import InputError
from npc.prognosis.runs import Run


def analysed(cohort: Cohort, run: Run, *, kind: str, event: str, time: str, months: float | None) -> pd.DataFrame:
    """The patients of a run with their clinical variables and centre.

    Args:
        cohort: checked.
        run: any of the report; they agree on everything that is taken from it.
        kind: of the endpoint.
        event: the endpoint's column of 0 and 1.
        time: the endpoint's column of months.
        months: of a landmark.

    Returns:
        indexed by `patient_id` in the order of the cohort: the cohort's columns, `split`, `label`, `time`, `event`.

    Raises:
        InputError: the run was made from another cohort.
    """
    unknown = run.predictions.index.difference(cohort.patients.index)
    if len(unknown):
        raise InputError(
            f"{run.path}: {len(unknown)} of its patients ({', '.join(unknown[:3])}) are not in {cohort.root}; it was "
            "made from another cohort: name that one (cohort=..., cohort.root=...)"
        )
    patients = cohort.patients.loc[cohort.patients.index.intersection(run.predictions.index)]
    patients = patients.join(run.predictions[["split", "label", "time", "event"]])
    outcome = label(patients[time], patients[event], kind, months).astype("float")
    same = np.isclose(patients["time"], patients[time].astype(float), rtol=0, atol=1e-9)
    same &= (patients["event"] == patients[event]).to_numpy() & (patients["label"] == outcome).to_numpy()
    if not same.all():
        raise InputError(
            f"{run.path}: time, event or label of {(~same).sum()} patients ({', '.join(patients.index[~same][:3])}) "
            f"are not those of {cohort.root} (endpoint {event}, {time}, {kind}); it was made from another cohort or "
            "endpoint: name that one"
        )
    return patients


def followed(cohort: Cohort, analysed: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
    """The patients of curves and survival regressions: those analysed, then those censored before a landmark.

    Args:
        cohort: checked.
        analysed: with a label.
        runs: whose risks are used; only patients whom all of them predicted are added.

    Returns:
        as `analysed`; of the added patients `label` is missing (NaN).

    Raises:
        InputError: a run's `unlabelled.csv` can't be used.
    """
    tables = [run.unlabelled() for run in runs]
    if not tables or any(table is None for table in tables):
        return analysed
    first, *others = (table for table in tables if table is not None)
    known = first.index.intersection(cohort.patients.index)
    for table in others:
        known = known.intersection(table.index)
    known = known[~known.isin(analysed.index)]
    if known.empty:
        return analysed
    added = cohort.patients.loc[known].join(first.loc[known, ["split", "time", "event"]]).assign(label=np.nan)
    return pd.concat([analysed, added[analysed.columns]])


def left_out(cohort: Cohort, run: Run) -> pd.DataFrame:
    """Who is not analysed, for the flow diagram: `patient_id`, `centre` and `reason`, in the order of the steps.

    Args:
        cohort: checked; its own exclusions come first.
        run: whose `exclusions.csv` gives the reasons of the others, where the backend wrote one.
    """
    absent = cohort.patients.index.difference(run.predictions.index)
    known = run.exclusions()
    rows = pd.DataFrame({"patient_id": absent, "centre": cohort.patients.loc[absent, "centre"].to_numpy()})
    rows["reason"] = [known.get(patient, "not in the runs") for patient in absent]
    return pd.concat([cohort.exclusions, rows], ignore_index=True)
