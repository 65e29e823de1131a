"""Subgroups, ablations and missing values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from npc.cohort.clinical import parse
from npc.prognosis.ablations import ablations
from npc.prognosis.missing import imputed, missing
from npc.prognosis.models import clinical
from npc.prognosis.runs import Run
from npc.prognosis.subgroups import subgroups
from npc.prognosis.univariate import univariate
from npc.statistics.delong import delong

VARIABLES = parse({
    "sex": {"kind": "binary", "levels": ["women", "men"]},
    "age": {"kind": "continuous"},
    "site": {"kind": "categorical", "levels": ["x", "y", "z"]},
})  # fmt: skip


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    """The risk tells men apart, and not women."""
    rng = np.random.default_rng(5)
    n = 300
    sex, risk = rng.integers(0, 2, n), rng.standard_normal(n)
    time = rng.exponential(40 * np.exp(-1.5 * risk * sex), n)
    event = (time < 60).astype(int)
    return pd.DataFrame(
        {
            "split": np.where(np.arange(n) < 100, "train", "test"), "centre": "a", "risk": risk,
            "sex": pd.Categorical.from_codes(sex, ["women", "men"], ordered=True), "age": rng.normal(50, 9, n),
            "site": pd.Categorical.from_codes(rng.integers(0, 3, n), ["x", "y", "z"]),
            "time": np.minimum(time, 60), "event": event, "label": event,
        },
        index=pd.Index([f"P{i}" for i in range(n)], name="patient_id"),
    )  # fmt: skip


@pytest.mark.slow
def test_subgroups_are_of_held_out_patients_and_find_where_a_risk_fails(patients):
    found = subgroups(patients, patients["risk"], VARIABLES)
    assert found.n == 200
    sex = found.by["sex"]
    assert sum(group.n for group in sex.groups.values()) == 200
    assert sex.groups["women"].hazard_ratio.ci[0] < 1 < sex.groups["men"].hazard_ratio.ci[0]
    assert sex.interaction.p < 1e-4
    others = [found.by[name] for name in ("age", "site")]
    assert [one.interaction.df for one in others] == [1, 2]
    assert all(one.p_holm >= one.interaction.p for one in [sex, *others])
    assert next(iter(found.by["age"].groups)).startswith("<= ")
    assert "centre" not in found.by  # one hospital


def test_ablations_are_paired_on_the_same_patients(patients):
    runs = []
    for number, noise in enumerate((0.0, 1.0, 3.0)):
        table = patients[["split", "label", "time", "event"]].copy()
        table["risk"] = patients["label"] + np.random.default_rng(number).normal(0, 0.7 + noise, len(table))
        runs.append(Run(Path(f"runs/ours/cet1-max/{number}"), "radiomic", table, 0.5, 1.0))
    found = ablations(runs[0], runs[::-1])
    assert [one.run.key for one in found.variants] == ["2", "1"]
    paired = found.variants[0].against["test"]
    rows = patients[patients["split"] == "test"].index
    risks = np.column_stack([runs[i].predictions.loc[rows, "risk"] for i in (2, 0)])
    expected = delong(patients.loc[rows, "label"], risks).compare(0, 1)
    assert paired.test == expected
    assert paired.ci[0] < expected.difference < paired.ci[1] < 0
    assert paired.p_holm == pytest.approx(
        max(2 * min(one.against["test"].test.p for one in found.variants), paired.test.p)
    )
    assert "train" not in found.variants[0].against


@pytest.mark.slow
def test_imputed_values_are_possible_and_follow_the_others(patients):
    training = patients[patients["split"] == "train"].assign(age=lambda of: 50 + 10 * of["risk"])
    gone = np.arange(100) % 4 == 0
    holes = training.assign(
        age=training["age"].mask(gone), sex=training["sex"].mask(gone), site=training["site"].mask(gone)
    )
    first, second = imputed(holes, VARIABLES, training[["risk"]], 2, seed=0)
    for table in (first, second):
        assert table[["age", "sex", "site"]].notna().all(axis=None)
        assert table["site"].isin(["x", "y", "z"]).all()
        pd.testing.assert_series_equal(table["age"][~gone], training["age"][~gone])
        assert np.corrcoef(table["age"][gone], training["age"][gone])[0, 1] > 0.9
    assert not first["sex"][gone].equals(second["sex"][gone]) or not first["site"][gone].equals(second["site"][gone])


@pytest.mark.slow
def test_rubins_rules_widen_what_missing_values_make_uncertain(patients):
    gone = np.arange(300) % 3 == 0
    holes = patients.assign(age=patients["age"].mask(gone))
    tests = univariate(holes[holes["split"] == "train"], VARIABLES)
    models = {"clinical": clinical(holes, tests, 0.9999)}
    found = missing(holes, models, VARIABLES, imputations=4, seed=0)
    assert found.variables["age"] == {"train": 34, "test": 66}
    assert found.complete["train"] == 66
    pooled = found.pooled["clinical"]
    age = 1 + models["clinical"].terms.index("age")
    assert pooled.fraction[age] > 0.05
    assert pooled.fraction[age] > pooled.fraction[age - 1]
    assert "imputations=20" in missing(holes, models, VARIABLES, imputations=0, seed=0).note
    assert "nothing to pool" in missing(holes, {}, VARIABLES, imputations=4, seed=0).note
    assert "nothing to impute" in missing(patients, models, VARIABLES, imputations=4, seed=0).note
