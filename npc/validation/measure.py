"""The figures of a model at a hospital that had no part in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from npc.bundle.formula import Formula
from npc.bundle.predict import Predictions
from npc.bundle.read import Bundle
from npc.cohort.cohort import Cohort
from npc.cohort.label import label
from npc.errors import InputError
from npc.prognosis.absolute_risk import CoxForm
from npc.prognosis.discrimination import AucResult, auc
from npc.prognosis.estimable import estimated
from npc.prognosis.subgroups import Subgroups, subgroups
from npc.prognosis.survival import Survival, survival
from npc.prognosis.times import CohortTimes, cohort_times
from npc.statistics import NotEstimable
from npc.statistics.classification import Proportion, classify
from npc.validation.recalibration import Recalibrated, recalibrate


@dataclass(frozen=True)
class Validation:
    """Of one model in one cohort.

    Attributes:
        patients: `time` in months, `event`, `label` (missing where it is not known), `risk` and `group`, indexed by
            `patient_id`.
        horizon: months.
        form: the model's Cox form, whose baseline is known at whole months; or why there is none.
        auc: of the label.
        classification: by the threshold of the training cohort.
        survival: high against low risk, by the cut-off of the training cohort.
        times: of time to event.
        recalibrated: the absolute risk as it is, with another intercept, and with another slope, too.
        subgroups: of the model's clinical variables; None without them.
        signature_values: how many different values the model's signatures have in the cohort.
    """

    patients: pd.DataFrame
    horizon: float
    form: CoxForm | NotEstimable
    auc: AucResult
    classification: Mapping[str, Proportion]
    survival: Survival
    times: CohortTimes
    recalibrated: Sequence[Recalibrated]
    subgroups: Subgroups | None
    signature_values: int


def measure(
    bundle: Bundle, cohort: Cohort, found: Predictions, *, horizon: float = 36, draws: int = 500, seed: int = 0
) -> Validation:
    """All figures.

    Args:
        bundle: the model.
        cohort: with outcomes.
        found: its predictions of the cohort.
        horizon: months, of calibration and decision curve.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        InputError: fewer than two patients of a class.
    """
    endpoint, formula = bundle.about["endpoint"], bundle.formula
    patients = pd.DataFrame(
        {
            "time": cohort.patients[endpoint["time"]].astype(float),
            "event": cohort.patients[endpoint["event"]].astype(int),
            "risk": found.table["risk"],
            "group": found.table["group"],
        }
    )
    patients["label"] = label(patients["time"], patients["event"], endpoint["kind"], endpoint["months"])
    known = patients[patients["label"].notna()]
    if known["label"].astype(int).value_counts().reindex([0, 1]).fillna(0).min() < 2:
        raise InputError(
            f"cohort {cohort.name}: fewer than two patients with or without {endpoint['name']}; nothing can be measured"
        )
    report: DictConfig = OmegaConf.create({"horizon": horizon, "bootstrap": draws, "seed": seed})
    form = estimated(_form, formula, found.design)
    groups = survival(patients, patients["group"])
    outcome = known["label"].astype(int), known["risk"]
    return Validation(
        patients,
        horizon,
        form,
        auc(*outcome, draws=draws, seed=seed),
        classify(*outcome, formula.plain["threshold"]),
        groups,
        cohort_times(patients, patients["risk"], form, groups.groups, report),
        recalibrate(patients, form, horizon),
        _subgroups(formula, cohort, patients),
        len(found.design[list(formula.signatures)].drop_duplicates()) if formula.signatures else 0,
    )


def _form(formula: Formula, design: pd.DataFrame) -> CoxForm:
    baseline = formula.baseline
    return CoxForm({}, {}, formula.predictor(design), baseline)


def _subgroups(formula: Formula, cohort: Cohort, patients: pd.DataFrame) -> Subgroups | None:
    divided = [variable for variable in formula.variables if variable.kind != "continuous" or variable.cut]
    if not divided:
        return None
    columns = cohort.patients[["centre", *(variable.name for variable in divided)]]
    # as the patients of a test cohort
    return subgroups(columns.join(patients[["time", "event"]]).assign(split="test"), patients["risk"], divided)


def expected_events(form: CoxForm, patients: pd.DataFrame, until: float) -> np.ndarray:
    """Cumulative hazard of each patient at their own time, or at `until`, whichever is first.

    Args:
        form: of the model.
        patients: with `time`.
        until: months.
    """
    return form.cumulative_hazard(patients.index, patients["time"].clip(upper=until).to_numpy())
