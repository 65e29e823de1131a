"""The keys of `results.json` for figures of time to event, and `not estimable` in the cell of a table."""

import json

import pytest

from npc.report.kit import words
from npc.report.paper import results_times
from npc.statistics import NotEstimable
from npc.statistics.estimate import Estimate
from tests.prognosis.test_times import cohort, figures


@pytest.fixture(scope="module")
def written() -> dict:
    found = figures(*cohort())
    return {split: results_times.cohort(one) for split, one in found.cohorts.items()} | {
        "cox": results_times.form(found.form)
    }


def test_the_keys_are_those_of_the_contract(written):
    json.dumps(written, allow_nan=False)
    test = written["test"]
    assert set(test["concordance"]) == {"harrell", "uno"}
    assert set(test["auc_at"]) == set(test["brier_at"]) == {"12", "36", "60"}
    assert set(test["survival_at"]) == {"low risk", "high risk"}
    assert set(test["calibration"]) == {"horizon", "oe", "intercept", "slope", "ici", "e50", "e90"}
    for one in (test["concordance"]["uno"], test["auc_at"]["36"], test["survival_at"]["low risk"]["12"],
                test["calibration"]["ici"]):  # fmt: skip
        low, high = one["ci"]
        assert low <= one["estimate"] <= high
    rows = test["net_benefit"]
    assert [row["threshold"] for row in rows[:3]] == [0.01, 0.02, 0.03]
    assert set(rows[0]) == {"threshold", "model", "ci", "all", "none"}
    assert rows[0]["model"] == pytest.approx(rows[0]["all"], abs=0.02)
    assert written["cox"]["baseline_survival"]["12"] > written["cox"]["baseline_survival"]["36"] > 0


def test_what_is_not_estimable_has_its_reason():
    patients, risk = cohort()
    patients.loc[patients["split"] == "test", "event"] = 0
    written = results_times.cohort(figures(patients, risk).cohorts["test"])
    assert written["auc_at"]["36"] == {"estimate": None, "ci": None, "note": "not estimable: there is no event"}
    assert written["net_benefit"] == {"note": "not estimable: there is no event"}
    assert written["survival_at"]["low risk"]["36"]["estimate"] == 1
    assert words.estimate(NotEstimable("there is no event")) == "not estimable: there is no event"
    assert words.estimate(Estimate(0.7512, (0.6, 0.85))) == "0.751 (0.600–0.850)"
