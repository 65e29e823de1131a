"""The patients whose maps stand in the report of evaluate.py."""

import pandas as pd

from npc.explain.wrong import most_wrong
from npc.names import SPLITS
from npc.prognosis.runs import Run

EACH = 2  # patients of each kind


def worth_a_map(run: Run) -> dict[str, str]:
    """Patients of the cohort that was held out, and why: highest and lowest risk, and the most wrong ones."""
    by_split = dict(list(run.predictions.groupby("split")))
    held_out = next(by_split[split] for split in reversed(SPLITS) if split in by_split)
    held_out = held_out[held_out.index.isin(_with_all_sequences(run))].sort_values("risk", kind="stable")
    both = held_out["label"].dropna().nunique() == 2
    ordered = [str(patient) for patient in held_out.index]
    kinds = {
        "highest risk": ordered[::-1],
        "lowest risk": ordered,
        "most wrong": most_wrong(held_out["risk"], held_out["label"], EACH) if both else [],
    }
    chosen: dict[str, str] = {}
    for why, patients in kinds.items():
        for patient in patients[:EACH]:
            chosen[patient] = f"{chosen[patient]}; {why}" if patient in chosen else why
    return chosen


def _with_all_sequences(run: Run) -> pd.Index:
    """Patients who have every sequence of a run (`cohort.missing=mask` keeps those who lack one), as a map needs."""
    try:
        rows = pd.read_csv(run.path / "outlines.csv", dtype={"patient_id": str})["patient_id"].value_counts()
    except (OSError, ValueError, KeyError):  # of an earlier npc, or broken: evaluate.py reports it
        return run.predictions.index
    return rows.index[rows == rows.max()]
