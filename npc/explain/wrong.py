"""The patients whom a model predicts most wrongly."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from npc.cohort.label import label


def most_wrong(risk: pd.Series, patients: pd.DataFrame, endpoint: Mapping[str, Any], number: int) -> list[str]:
    """Patients who stand on the wrong side of the largest share of patients with the other outcome, the worst first.

    For an event the share of patients without it whose risk is higher; without one, of those with it whose risk is
    lower. It needs no scale of the risk; their mean is 1 minus the AUC.

    Args:
        risk: by patient; higher is worse.
        patients: with the outcome's columns.
        endpoint: `time`, `event`, `kind` and `months`.
        number: of patients.
    """
    time, event = patients[endpoint["time"]].astype(float), patients[endpoint["event"]].astype(int)
    known = label(time, event, endpoint["kind"], endpoint["months"]).dropna().astype(int)
    ill, well = (risk[known.index[known == of]] for of in (1, 0))
    share = {patient: (well > risk[patient]).mean() for patient in ill.index}
    share |= {patient: (ill < risk[patient]).mean() for patient in well.index}
    worst = pd.Series(share, dtype=float).sort_values(ascending=False, kind="stable")
    return [str(patient) for patient in worst.index[:number]]
