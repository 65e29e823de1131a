"""What stands beside the paper's comparison of treatments: adjustment, balance, positivity, interaction."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from npc.cohort.clinical import parse
from npc.prognosis.models import Model
from npc.prognosis.treatment import arms
from npc.prognosis.treatment_adjusted import adjusted
from npc.prognosis.treatment_balance import balance, weighted
from npc.prognosis.treatment_design import Comparison, compared
from npc.prognosis.treatment_interaction import _fit, effect_by_risk, likelihood_ratio_of_interaction
from npc.statistics import NotEstimable

VARIABLES = parse({
    "age": {"kind": "continuous"},
    "stage": {"kind": "ordinal", "levels": ["I", "II", "III"]},
    "copy": {"kind": "continuous"},
    "regimen": {"kind": "binary", "levels": ["CCRT", "IC+CCRT"]},
})  # fmt: skip


def patients(indication: float, effect: float = np.log(0.5), interaction: float = 0.0, n: int = 900) -> pd.DataFrame:
    """The odds of additional treatment rise by stage with the indication; `score` is what a signature knows."""
    rng = np.random.default_rng(4)
    stage, score = rng.integers(0, 3, n), rng.standard_normal(n)
    given = rng.random(n) < 1 / (1 + np.exp(-indication * (stage - 1)))
    hazard = 0.01 * np.exp(0.9 * stage + score + (effect + interaction * score) * given)
    time, end = rng.exponential(1 / hazard), rng.uniform(40, 90, n)
    age = rng.normal(50, 9, n)
    return pd.DataFrame({
        "split": np.where(np.arange(n) % 3 == 0, "test", "train"), "centre": np.where(rng.random(n) < 0.3, "b", "a"),
        "age": age, "copy": 2 * age, "stage": pd.Categorical.from_codes(stage, ["I", "II", "III"], ordered=True),
        "regimen": pd.Categorical.from_codes(given.astype(int), ["CCRT", "IC+CCRT"], ordered=True),
        "time": np.minimum(time, end), "event": (time <= end).astype(int), "score": score,
    })  # fmt: skip


def comparison(rows: pd.DataFrame, unseen: bool | None = True) -> Comparison:
    risk = 1 / (1 + np.exp(-rows["score"]))
    return compared(rows, arms(rows, "regimen"), Model("deep_learning", risk, risk, unseen), "regimen", VARIABLES)


@pytest.fixture(scope="module")
def by_stage() -> Comparison:
    return comparison(patients(1.0))


@pytest.mark.slow
def test_weighting_and_adjustment_take_out_what_the_indication_followed(by_stage):
    by = balance(by_stage)
    stage = by.terms["stage"]
    assert stage.before > 0.6
    assert abs(stage.after) < 0.1
    assert by.positivity is None
    assert all(by.effective[arm] < by.n[arm] for arm in by.n)
    found = adjusted(by_stage, by, draws=30, seed=0)
    assert found.marginal.ci[0] < weighted(by_stage, by).estimate < found.marginal.ci[1]
    assert found.marginal.ci[1] < 1
    assert found.conditional.estimate == pytest.approx(0.5, abs=0.12)
    assert found.conditional.estimate < found.marginal.estimate
    assert found.means[36.0].estimate > 1
    assert found.e_value[0] > found.e_value[1] > 1
    assert "Treatment-free score" in found.adjusted_for
    assert "Hospital: b" in found.adjusted_for
    assert "copy" not in found.adjusted_for  # it follows from age


def test_without_positivity_there_is_no_number():
    of = comparison(patients(8.0))
    by = balance(of)
    assert "below 2%" in by.positivity
    for figure in (lambda: adjusted(of, by, draws=10, seed=0), lambda: weighted(of, by)):
        with pytest.raises(NotEstimable, match="positivity fails"):
            figure()


def test_risks_that_have_seen_the_outcomes_leave_the_training_patients_out():
    rows = patients(0.0)
    assert comparison(rows, unseen=False).patients["split"].eq("test").all()
    assert len(comparison(rows, unseen=True).patients) == len(rows)


@pytest.mark.slow
def test_an_interaction_is_found_where_there_is_one(by_stage):
    assert likelihood_ratio_of_interaction(by_stage, by_stage.score).p > 0.05
    of = comparison(patients(0.0, interaction=0.6, n=450))
    assert likelihood_ratio_of_interaction(of, of.score).p < 1e-4
    curve = effect_by_risk(of)
    assert [at.estimate for at in curve] == sorted(at.estimate for at in curve)
    middle = next(at for at in curve if at.percentile == 50)
    assert middle.ci[0] < 0.5 < middle.ci[1]
    # the same as the coefficient of the treatment where the score is counted from there
    last = curve[-1]
    there = _fit(of, of.score - norm.ppf(last.percentile / 100), True).hazard_ratio(0)
    np.testing.assert_allclose([last.estimate, *last.ci], [there[0], *there[1]], rtol=1e-6)


def test_one_arm_without_event_is_not_estimable():
    rows = patients(0.0).assign(event=lambda of: of["event"].where(of["regimen"] == "CCRT", 0))
    with pytest.raises(NotEstimable, match="0 additional"):
        comparison(rows)
