"""Figures of time to event of a model in each cohort, and what can't be estimated."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.utils import concordance_index
from omegaconf import OmegaConf

from npc.prognosis.absolute_risk import cox_form
from npc.prognosis.competing import causes, competing_risks
from npc.prognosis.evaluation import evaluate
from npc.prognosis.models import Model
from npc.prognosis.times import ModelTimes, concordance_comparisons, times
from npc.statistics import NotEstimable

CHOICES = OmegaConf.create(
    {"prognosis": {"cutoff": "training"}, "report": {"bootstrap": 100, "seed": 0, "horizon": 36}}
)


def cohort(n: int = 240, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Patients of three splits, and a risk that is related to the time."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    event, censored = rng.exponential(50 * np.exp(-risk)), rng.uniform(20, 90, n)
    index = pd.Index([f"P{i:03d}" for i in range(n)], name="patient_id")
    seen = event <= censored
    split = np.array(["train", "validation", "test"])[np.arange(n) % 3]
    table = {"split": split, "time": np.minimum(event, censored).round(2), "event": seen.astype(int)}
    return pd.DataFrame({**table, "label": table["event"]}, index), pd.Series(risk, index)


def figures(patients: pd.DataFrame, risk: pd.Series, held_out: pd.Series | None = None) -> ModelTimes:
    model = Model("deep_learning", risk, risk if held_out is None else held_out)
    return times(patients, evaluate(patients, model, CHOICES), CHOICES)


@pytest.fixture(scope="module")
def found() -> ModelTimes:
    return figures(*cohort())


def test_every_cohort_has_figures_of_its_own_patients(found):
    patients, risk = cohort()
    for split, rows in patients.groupby("split"):
        one = found.cohorts[split]
        harrell = concordance_index(rows["time"], -risk[rows.index], rows["event"])
        assert one.concordance["harrell"].estimate == pytest.approx(harrell)
        high = rows[risk[rows.index] > risk[patients["split"] == "train"].median()]
        at = KaplanMeierFitter().fit(high["time"], high["event"]).predict(36)
        assert one.survival_at["high risk"][36].estimate == pytest.approx(at)
        assert one.auc_at[36].estimate > 0.6


def test_the_cox_form_is_fitted_on_the_training_cohort_alone(found):
    patients, risk = cohort()
    table = patients.assign(risk=risk)[["time", "event", "risk"]]
    training = patients["split"] == "train"
    fitter = CoxPHFitter().fit(table[training], "time", "event")
    months = np.sort(patients.loc[training & (patients["event"] == 1), "time"])[[4, 20, 40]]  # lifelines interpolates
    expected = 1 - fitter.predict_survival_function(table, times=months).T
    assert found.form.probability(patients.index, months) == pytest.approx(expected.to_numpy(), abs=1e-4)
    assert found.form.terms["deep_learning"].estimate == pytest.approx(np.exp(fitter.params_["risk"]), rel=1e-4)
    others = patients.assign(event=patients["event"].where(training, 0), time=patients["time"].where(training, 5.0))
    again = cox_form(others, Model("deep_learning", risk, risk))
    assert again.predictor.equals(found.form.predictor)


@pytest.mark.slow
def test_training_patients_are_judged_by_out_of_fold_risks():
    patients, risk = cohort()
    held_out = risk.where(patients["split"] != "train", 0.3 * risk + np.random.default_rng(1).normal(size=len(risk)))
    apart, same = figures(patients, risk, held_out), figures(patients, risk)
    assert apart.cohorts["train"].concordance["harrell"] != same.cohorts["train"].concordance["harrell"]
    assert apart.cohorts["test"].concordance == same.cohorts["test"].concordance
    assert apart.form.terms["deep_learning"].estimate < same.form.terms["deep_learning"].estimate


def test_a_horizon_past_the_follow_up_is_not_estimable_with_its_reason():
    patients, risk = cohort()
    short = patients["split"] == "test"
    patients.loc[short, "event"] = patients.loc[short, "event"].where(patients["time"] <= 40, 0)
    patients["time"] = patients["time"].where(~short, patients["time"].clip(upper=40))
    found = figures(patients, risk).cohorts["test"]
    assert "follow-up ends at month 40, before month 60" in str(found.auc_at[60])
    assert "follow-up ends at month 40, before month 60" in str(found.brier_at[60])
    assert "before month 60" in str(found.survival_at["low risk"][60])
    assert found.auc_at[36].estimate > 0.5
    assert found.calibration.oe.estimate > 0


def test_a_cohort_without_events_says_so_everywhere():
    patients, risk = cohort()
    patients.loc[patients["split"] == "test", "event"] = 0
    found = figures(patients, risk).cohorts["test"]
    of_risk = [*found.concordance.values(), *found.auc_at.values(), *found.brier_at.values(), found.integrated_brier]
    of_form = [found.net_benefit, found.calibration.oe, found.calibration.slope, found.calibration.smoothed]
    reasons = [*of_risk, *of_form]
    assert {str(reason) for reason in reasons} == {"there is no event"}
    assert all(isinstance(reason, NotEstimable) for reason in reasons)
    assert found.survival_at["low risk"][12].estimate == 1


def test_without_a_cox_form_only_what_needs_it_is_not_estimable():
    patients, risk = cohort()
    risk[patients["split"] == "train"] = 0.5
    found = figures(patients, risk)
    assert "does not vary" in str(found.form)
    one = found.cohorts["test"]
    assert "Cox regression of the training cohort" in str(one.brier_at[36])
    assert one.concordance["uno"].estimate > 0.5


def test_pairs_of_concordance_are_compared_in_each_cohort():
    patients, risk = cohort()
    noise = pd.Series(np.random.default_rng(2).normal(size=len(risk)), risk.index)
    found = concordance_comparisons(patients, {"a": risk, "b": noise}, [frozenset(("a", "b"))])
    assert found["a", "b", "test"]["harrell"].p < 0.01
    assert found["a", "b", "test"]["uno"].difference > 0.1
    assert "out-of-fold" in str(found["a", "b", "train"]["harrell"])


def test_deaths_without_the_event_compete_and_later_ones_do_not():
    patients, risk = cohort()
    assert causes(patients, "dm_event") is None
    free = patients["event"] == 0
    died = free & (np.arange(len(patients)) % 2 == 0)
    later = patients.index[free & ~died][:5]
    deaths = patients.assign(os_months=patients["time"], os_event=died.astype(int))
    deaths.loc[later, ["os_months", "os_event"]] = [99.0, 1]
    cause = causes(deaths, "dm_event")
    assert (cause == 2).sum() == died.sum()
    assert (cause[patients["event"] == 1] == 1).all()
    assert causes(deaths, "os_event") is None
    group = evaluate(patients, Model("deep_learning", risk, risk), CHOICES).group
    found = competing_risks(deaths, cause, group)["test"]
    rows = (patients["split"] == "test") & (group == "high risk")
    naive = 1 - KaplanMeierFitter().fit(patients["time"][rows], patients["event"][rows]).predict(36)
    assert 0 < found.incidence_at["event"]["high risk"][36].estimate < naive
    assert found.deaths["high risk"] == (cause[rows] == 2).sum()
    assert found.cause_specific["event"].estimate > 1
