"""Survival curves of all patients by a network whose endpoint is a time: the rows of `survival.csv`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import log_expit

from npc.statistics.baseline import baseline


def of_hazards(output: np.ndarray, cuts: Sequence[float], patients: pd.Index) -> pd.DataFrame:
    """Probability of no event by the end of each interval (`npc.signature.endpoints.Hazard`).

    Args:
        output: logits of the hazards, (patients, signatures, intervals); the curves of several signatures are averaged.
        cuts: months at which the intervals end.
        patients: their identifiers.

    Returns:
        indexed by `patient_id`, a column for each of the cuts.
    """
    survival = np.nanmean(np.exp(np.cumsum(log_expit(-output), axis=2)), axis=1)  # of absent sequences it is NaN
    return pd.DataFrame(
        survival, patients.rename("patient_id"), [np.format_float_positional(np.float32(cut), trim="-") for cut in cuts]
    )


def of_relative_hazards(predictions: pd.DataFrame) -> pd.DataFrame:
    """Probability of no event by each month with an event in the training cohort (`npc.signature.endpoints.Cox`).

    The baseline hazard belongs to the training patients' own risks, as they are in `predictions.csv`.

    Args:
        predictions: `split`, `time`, `event` and `risk`, the log relative hazard; indexed by `patient_id`.

    Returns:
        indexed by `patient_id`, a column for each month.
    """
    training = predictions[predictions["split"] == "train"]
    predictor = predictions["risk"] - training["risk"].mean()
    found = baseline(training["time"], training["event"], predictor[training.index])
    survival = 1 - found.probability(predictor, found.time)
    return pd.DataFrame(
        survival,
        predictions.index.rename("patient_id"),
        [np.format_float_positional(month, trim="-") for month in found.time],
    )
