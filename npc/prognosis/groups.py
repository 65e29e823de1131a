"""Risk groups: a cut-off on the risk, and which side of it a patient is on."""

import pandas as pd

from npc.names import RISK_GROUPS

GROUPS = list(RISK_GROUPS.values())


def cutoffs(risk: pd.Series, split: pd.Series, rule: str) -> dict[str, float]:
    """The cut-off that each cohort is grouped by.

    Args:
        risk: of all patients.
        split: train, validation or test.
        rule: `training` (median of the training cohort, frozen), or to replicate only `own` (each cohort's own
            median) or `pooled` (the median of all).
    """
    medians = {str(name): float(rows.median()) for name, rows in risk.groupby(split)}
    if rule == "own":
        return medians
    frozen = float(risk.median()) if rule == "pooled" else medians["train"]
    return dict.fromkeys(medians, frozen)


def groups(risk: pd.Series, split: pd.Series, cutoff: dict[str, float]) -> pd.Series:
    """Low or high risk of each patient, as ordered categories; a risk above the cut-off is high."""
    high = risk > split.map(cutoff).astype(float)
    names = [GROUPS[int(above)] for above in high]
    return pd.Series(pd.Categorical(names, GROUPS, ordered=True), risk.index, name="group")
