"""Recalibration of a model's absolute risk in other patients: not at all, the baseline alone, the slope, too.

Steyerberg, Clinical Prediction Models, 2nd ed., chapter 20; McLernon, Giardiello et al., Annals of Internal Medicine
2023.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.prognosis.absolute_risk import CoxForm
from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.baseline import baseline
from npc.statistics.brier import Brier, brier
from npc.statistics.estimate import Estimate
from npc.statistics.survival_calibration import calibration_intercept, calibration_slope, observed_expected

METHODS = ("none", "intercept", "slope")


@dataclass(frozen=True)
class Recalibrated:
    """The absolute risk after one kind of recalibration, which is fitted to the patients it is measured on.

    Attributes:
        method: of `METHODS`.
        intercept: log of the factor of the baseline hazard; 0 where it stays.
        slope: of the linear predictor; 1 where it stays.
        oe: observed over expected.
        brier: score by the horizon.
    """

    method: str
    intercept: float | NotEstimable
    slope: float | NotEstimable
    oe: Estimate | NotEstimable
    brier: Brier | NotEstimable


def recalibrate(patients: pd.DataFrame, form: CoxForm | NotEstimable, horizon: float) -> Sequence[Recalibrated]:
    """Each kind of recalibration.

    Args:
        patients: `time` in months and `event`.
        form: of the model.
        horizon: months.
    """
    if isinstance(form, NotEstimable):
        return [Recalibrated(method, form, form, form, form) for method in METHODS]
    time, event = patients["time"], patients["event"]
    predictor = form.predictor[patients.index].to_numpy()

    def shift() -> float:
        hazard = form.cumulative_hazard(patients.index, time.clip(upper=horizon).to_numpy())
        return calibration_intercept(time, event, hazard, horizon).estimate

    def probability(factor: float = 1.0) -> np.ndarray:
        return -np.expm1(np.log1p(-form.probability(patients.index, [horizon])[:, 0]) * factor)

    def refitted(slope: float) -> np.ndarray:
        bent = slope * (predictor - predictor.mean())
        return baseline(time, event, bent).probability(bent, [horizon])[:, 0]

    intercept = estimated(shift)
    slope = estimated(lambda: calibration_slope(time, event, predictor, horizon).estimate)
    plain = estimated(probability)
    moved = intercept if isinstance(intercept, NotEstimable) else estimated(probability, float(np.exp(intercept)))
    bent = slope if isinstance(slope, NotEstimable) else estimated(refitted, slope)
    kinds = (("none", 0.0, 1.0, plain), ("intercept", intercept, 1.0, moved), ("slope", intercept, slope, bent))
    return [Recalibrated(name, a, b, *_measured(time, event, p, horizon)) for name, a, b, p in kinds]


def _measured(
    time: pd.Series, event: pd.Series, probability: np.ndarray | NotEstimable, horizon: float
) -> tuple[Estimate | NotEstimable, Brier | NotEstimable]:
    if isinstance(probability, NotEstimable):
        return probability, probability
    return (
        estimated(observed_expected, time, event, probability, horizon),
        estimated(brier, time, event, probability, horizon),
    )
