"""Figures of time to event of every model in every cohort, at fixed horizons.

Concordance and AUC are of the risk that the whole report shows of a model, out of fold for the training patients where
there are such risks; Brier score, calibration and net benefit are of the absolute risk of its Cox form
(`absolute_risk.py`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from npc.names import HORIZONS
from npc.prognosis.absolute_risk import CoxForm, absolute_risk, cox_form, fitted
from npc.prognosis.discrimination import UNLIKE
from npc.prognosis.estimable import estimated
from npc.prognosis.evaluation import ModelResult
from npc.prognosis.survival import Group
from npc.statistics import NotEstimable
from npc.statistics.brier import Brier, brier, integrated_brier
from npc.statistics.concordance import Weighting, concordance
from npc.statistics.delong import Comparison
from npc.statistics.estimate import Estimate
from npc.statistics.holm import holm
from npc.statistics.net_benefit import NetBenefit, net_benefit
from npc.statistics.survival_calibration import (
    Smoothed,
    calibration_intercept,
    calibration_slope,
    observed_expected,
    smoothed,
)
from npc.statistics.time_dependent_auc import time_dependent_auc

Found = Estimate | NotEstimable
WEIGHTINGS: tuple[Weighting, ...] = ("harrell", "uno")


@dataclass(frozen=True)
class Calibration:
    """Of the absolute risks by a horizon.

    Attributes:
        horizon: months.
        probability: absolute risk of each patient; or why there is none.
        oe: observed over expected events.
        intercept: log of observed over expected events of the whole follow-up up to the horizon.
        slope: of the linear predictor.
        smoothed: curve, ICI, E50 and E90.
    """

    horizon: float
    probability: np.ndarray | NotEstimable
    oe: Found
    intercept: Found
    slope: Found
    smoothed: Smoothed | NotEstimable


@dataclass(frozen=True)
class CohortTimes:
    """Of one model in one cohort; by month where several horizons are given.

    Attributes:
        concordance: `harrell` and `uno`.
        auc_at: time-dependent AUC.
        brier_at: Brier score of the absolute risk.
        integrated_brier: its mean from the first event to the last horizon.
        survival_at: by risk group, Kaplan-Meier.
        calibration: of the absolute risk.
        net_benefit: of the absolute risk, by threshold.
    """

    concordance: Mapping[str, Found]
    auc_at: Mapping[int, Found]
    brier_at: Mapping[int, Brier | NotEstimable]
    integrated_brier: Brier | NotEstimable
    survival_at: Mapping[str, Mapping[int, Found]]
    calibration: Calibration
    net_benefit: list[NetBenefit] | NotEstimable


@dataclass(frozen=True)
class ModelTimes:
    """Of one model.

    Attributes:
        form: its Cox regression, or why there is none.
        cohorts: by split.
    """

    form: CoxForm | NotEstimable
    cohorts: Mapping[str, CohortTimes]


@dataclass(frozen=True)
class ConcordanceComparison:
    """Paired test of the concordance of two models.

    Attributes:
        test: first minus second model.
        p_holm: corrected for all pairs of the cohort that have a test (Holm); None without one.
    """

    test: Comparison | NotEstimable
    p_holm: float | None


def times(patients: pd.DataFrame, result: ModelResult, choices: DictConfig) -> ModelTimes:
    """All figures of a model.

    Args:
        patients: `split`, `time` in months and `event`, indexed by `patient_id`.
        result: of the model.
        choices: of `evaluate.py`: `report.horizon`, `report.bootstrap` and `report.seed`.
    """
    form = estimated(cox_form, patients, result.model)
    cohorts = {
        str(split): cohort_times(
            rows, result.model.held_out[rows.index], form, result.survival[str(split)].groups, choices.report
        )
        for split, rows in patients.groupby("split")
    }
    return ModelTimes(form, cohorts)


def concordance_comparisons(
    patients: pd.DataFrame, risks: Mapping[str, pd.Series], unlike: Collection[frozenset[str]] = ()
) -> dict[tuple[str, str, str], dict[str, ConcordanceComparison]]:
    """Paired tests of the concordance of two models on the same patients, by both names and the split.

    Args:
        patients: `split`, `time` and `event`.
        risks: of all patients, by model.
        unlike: pairs of models that are not compared on the training cohort, see `npc.prognosis.training_risks`.
    """
    pairs = list(combinations(risks, 2))
    found: dict[tuple[str, str, str], dict[str, ConcordanceComparison]] = {}
    for split, rows in patients.groupby("split"):
        barred = unlike if split == "train" else ()
        tests = {kind: _concordance_tests(rows, risks, kind, barred) for kind in WEIGHTINGS}
        corrected = {kind: holm(of) for kind, of in tests.items()}
        for i, pair in enumerate(pairs):
            found[*pair, str(split)] = {
                kind: ConcordanceComparison(tests[kind][i], corrected[kind][i]) for kind in WEIGHTINGS
            }
    return found


def _concordance_tests(
    rows: pd.DataFrame, risks: Mapping[str, pd.Series], kind: Weighting, unlike: Collection[frozenset[str]]
) -> list[Comparison | NotEstimable]:
    """Of all pairs."""
    together = estimated(concordance, rows["time"], rows["event"], pd.DataFrame(risks).loc[rows.index], kind)
    return [
        NotEstimable(UNLIKE)
        if frozenset((first, second)) in unlike
        else together
        if isinstance(together, NotEstimable)
        else estimated(together.compare, i, j)
        for (i, first), (j, second) in combinations(enumerate(risks), 2)
    ]


def cohort_times(
    rows: pd.DataFrame,
    risk: pd.Series,
    form: CoxForm | NotEstimable,
    groups: tuple[Group, Group],
    report: DictConfig,
) -> CohortTimes:
    """All figures of a model in one cohort.

    Args:
        rows: `time` in months and `event` of its patients.
        risk: of the same patients.
        form: the model's Cox form.
        groups: low and high risk.
        report: `horizon`, `bootstrap` and `seed`.
    """
    time, event = rows["time"], rows["event"]

    def score(month: float) -> Brier:
        return brier(time, event, absolute_risk(form, rows.index, [month])[:, 0], month)

    def whole_score() -> Brier:
        if not event.any():
            raise NotEstimable("there is no event")
        months = np.arange(np.ceil(time[event == 1].min()), HORIZONS[-1] + 1)
        return integrated_brier(time, event, absolute_risk(form, rows.index, months), months)

    def curve() -> list[NetBenefit]:
        return net_benefit(time, event, absolute_risk(form, rows.index, [report.horizon])[:, 0], report.horizon)

    return CohortTimes(
        {kind: estimated(_interval, time, event, risk, kind) for kind in WEIGHTINGS},
        {month: estimated(time_dependent_auc, time, event, risk, month) for month in HORIZONS},
        {month: estimated(score, month) for month in HORIZONS},
        estimated(whole_score),
        {group.name: {month: estimated(_survival_at, group, month) for month in HORIZONS} for group in groups},
        _calibration(rows, form, report),
        estimated(curve),
    )


def _interval(time: pd.Series, event: pd.Series, risk: pd.Series, kind: Weighting) -> Estimate:
    return concordance(time, event, risk, kind).interval()


def _survival_at(group: Group, month: float) -> Estimate:
    curve = group.curve
    if curve is None:
        raise NotEstimable("there are no patients")
    if curve.time[-1] < month and curve.survival[-1] > 0:
        raise NotEstimable(f"follow-up ends at month {curve.time[-1]:g}, before month {month:g}")
    place = np.searchsorted(curve.time, month, side="right") - 1
    if place < 0 or curve.survival[place] == 1:
        return Estimate(1.0, NotEstimable(f"there is no event by month {month:g}"))
    survival, low, high = (float(of[place]) for of in (curve.survival, curve.lower, curve.upper))
    return Estimate(survival, (low, high) if survival > 0 else NotEstimable(f"no patient is left by month {month:g}"))


def _calibration(rows: pd.DataFrame, form: CoxForm | NotEstimable, report: DictConfig) -> Calibration:
    time, event, horizon = rows["time"], rows["event"], report.horizon
    probability = estimated(lambda: absolute_risk(form, rows.index, [horizon])[:, 0])
    if isinstance(probability, NotEstimable):
        return Calibration(horizon, *([probability] * 5))

    def intercept() -> Estimate:
        hazard = fitted(form).cumulative_hazard(rows.index, np.minimum(time, horizon))
        return calibration_intercept(time, event, hazard, horizon)

    return Calibration(
        horizon,
        probability,
        estimated(observed_expected, time, event, probability, horizon),
        estimated(intercept),
        estimated(lambda: calibration_slope(time, event, fitted(form).predictor[rows.index], horizon)),
        estimated(smoothed, time, event, probability, horizon, draws=report.bootstrap, seed=report.seed),
    )
