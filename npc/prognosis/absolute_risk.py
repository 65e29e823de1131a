"""Absolute risks: the Cox form of a model, fitted on the training cohort, with its baseline survival."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from npc.names import FEWEST, MODELS, PREDICTED
from npc.prognosis.estimable import estimated
from npc.prognosis.models import Model
from npc.prognosis.survival import HazardRatio
from npc.statistics import NotEstimable
from npc.statistics.baseline import Baseline, baseline
from npc.statistics.cox import Cox, cox
from npc.statistics.risk_interval import HazardVariance, hazard_variance

Z = float(norm.ppf(0.975))
LARGEST = 1e4  # of a linear predictor: far beyond what a probability can show, and its exponential is clipped


@dataclass(frozen=True)
class CoxForm:
    """A model as Cox regression.

    Attributes:
        terms: hazard ratio of each term of the model's design.
        labels: how each term is printed.
        predictor: linear predictor of all patients, 0 for the mean of the training cohort.
        baseline: of a patient whose predictor is 0.
        coefficient: log hazard ratio of each term.
        centre: mean of each term in the training cohort.
        months: those of `npc.names.PREDICTED` for which there are intervals (`interval_months`).
        variance: at these months, in the units of the terms.
    """

    terms: dict[str, HazardRatio | NotEstimable]
    labels: dict[str, str]
    predictor: pd.Series
    baseline: Baseline
    coefficient: Mapping[str, float] = field(default_factory=dict)
    centre: Mapping[str, float] = field(default_factory=dict)
    months: tuple[int, ...] = ()
    variance: HazardVariance | None = None

    def probability(self, patients: pd.Index, months: ArrayLike) -> np.ndarray:
        """Probability of the event by each month, (patients, months).

        Raises:
            NotEstimable: a month after the follow-up of the training cohort.
        """
        return self.baseline.probability(self.predictor[patients], months)

    def cumulative_hazard(self, patients: pd.Index, months: np.ndarray) -> np.ndarray:
        """Of each patient at a month of their own, (patients,).

        Raises:
            NotEstimable: as for `probability`.
        """
        return self.baseline.cumulative_hazard(months) * np.exp(np.clip(self.predictor[patients].to_numpy(), -700, 700))


def cox_form(patients: pd.DataFrame, model: Model) -> CoxForm:
    """Cox regression of the terms of a model; of a signature, its risk is the only one.

    The training patients' signatures are out of fold where there are such risks.

    Args:
        patients: `split`, `time` in months and `event`.
        model: of the same patients.

    Raises:
        NotEstimable: no event in the training cohort, or the regression has no solution.
    """
    training = patients["split"] == "train"
    rows = patients[training]
    design = (model.held_out.to_frame(model.name) if model.design.empty else model.design).loc[patients.index]
    unit = design[training].abs().max().replace(0, 1)  # a risk may be of any size
    scaled = (design - design[training].mean()) / unit
    fitted = cox(rows["time"], rows["event"], scaled[training])
    predictor = pd.Series(np.clip(scaled.to_numpy() @ fitted.coefficient, -LARGEST, LARGEST), patients.index)
    labels = model.encoding.labels() if model.encoding else {}
    months = interval_months(rows["time"], rows["event"])
    size = unit.to_numpy(dtype=float)
    countable = bool((size**2 > np.finfo(float).tiny).all())
    if not countable:  # the variance of such a coefficient is too large for a number: no interval
        months = ()
    of = hazard_variance(rows["time"], rows["event"], scaled[training], fitted.coefficient, months)
    if countable:
        of = replace(of, mean=of.mean * size, covariance=of.covariance / np.outer(size, size))
    return CoxForm(
        {str(term): estimated(_ratio, fitted, i, float(unit[term])) for i, term in enumerate(design.columns)},
        {**labels, **model.signatures, model.name: MODELS[model.name]},
        predictor,
        baseline(rows["time"], rows["event"], predictor[training]),
        dict(zip(map(str, design), map(float, fitted.coefficient / unit), strict=True)),
        {str(term): float(mean) for term, mean in design[training].mean().items()},
        months,
        of,
    )


def interval_months(time: pd.Series, event: pd.Series) -> tuple[int, ...]:
    """The months of `npc.names.PREDICTED` whose interval reveals no single patient.

    The sums behind an interval are those of all patients at risk: at a month at least five must still be, and at least
    five events must lie between one month and the next.

    Args:
        time: of the training patients, months.
        event: 1 for an event.
    """
    found: list[int] = []
    for month in PREDICTED:
        between = (event == 1) & (time <= month) & (time > (found[-1] if found else -np.inf))
        if between.sum() >= FEWEST and (time >= month).sum() >= FEWEST:
            found.append(month)
    return tuple(found)


def _ratio(fitted: Cox, index: int, unit: float) -> HazardRatio:
    """Of a term in the unit of the design."""
    half = Z * fitted.standard_error[index]
    with np.errstate(over="ignore"):
        ratio, low, high = np.exp((fitted.coefficient[index] + np.array([0, -half, half])) / unit)
    if not np.isfinite([ratio, low, high]).all():
        raise NotEstimable("the hazard ratio of a unit is too large for a number")
    return HazardRatio(float(ratio), (float(low), float(high)), float(fitted.p[index]))


def absolute_risk(form: CoxForm | NotEstimable, patients: pd.Index, months: ArrayLike) -> np.ndarray:
    """Probability of the event by each month, (patients, months).

    Raises:
        NotEstimable: there is no Cox form, or a month is after the follow-up of the training cohort.
    """
    return fitted(form).probability(patients, months)


def fitted(form: CoxForm | NotEstimable) -> CoxForm:
    """The Cox form.

    Raises:
        NotEstimable: there is none.
    """
    if isinstance(form, NotEstimable):
        raise NotEstimable(f"Cox regression of the training cohort: {form}")
    return form
