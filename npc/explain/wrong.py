"""The patients whom a model predicts most wrongly."""

import pandas as pd

from npc.errors import InputError


def most_wrong(risk: pd.Series, label: pd.Series, number: int) -> list[str]:
    """Patients who stand on the wrong side of the largest share of patients with the other outcome, the worst first.

    For an event the share of patients without it whose risk is higher; without one, of those with it whose risk is
    lower. It needs no scale of the risk; their mean is 1 minus the AUC.

    Args:
        risk: by patient; higher is worse.
        label: 1 for an event; NaN where it is not known.
        number: of patients; fewer where fewer are on the wrong side of any other.

    Raises:
        InputError: all have the same outcome.
    """
    known = label.dropna().astype(int)
    ill, well = (risk[known.index[known == of]] for of in (1, 0))
    if ill.empty or well.empty:
        raise InputError("no patient is predicted wrongly where all have the same outcome; leave --wrong out")
    share = {patient: (well > risk[patient]).mean() for patient in ill.index}
    share |= {patient: (ill < risk[patient]).mean() for patient in well.index}
    worst = pd.Series(share, dtype=float).sort_values(ascending=False, kind="stable")
    worst = worst[worst > 0]
    return [str(patient) for patient in worst.index[:number]]
