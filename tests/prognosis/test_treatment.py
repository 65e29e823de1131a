"""Additional against standard treatment within risk groups, pooled over hospitals and stratified by hospital."""

import numpy as np
import pandas as pd
import pytest

from npc.cohort.clinical import parse
from npc.prognosis.groups import GROUPS
from npc.prognosis.treatment import TreatmentEffect, treatment_effect

VARIABLES = parse({
    "regimen": {"kind": "binary", "levels": ["CCRT", "IC+CCRT"]},
    "stage": {"kind": "ordinal", "levels": ["I", "II", "III"]},
})  # fmt: skip


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    """Treatment does nothing; the north has fewer events, and gives the additional one to most of its patients."""
    rng = np.random.default_rng(3)
    n = 600
    north = rng.random(n) < 0.5
    additional = rng.random(n) < np.where(north, 0.8, 0.2)
    time = rng.exponential(np.where(north, 90, 18))
    return pd.DataFrame(
        {
            "centre": np.where(north, "north", "south"),
            "regimen": pd.Categorical(np.where(additional, "IC+CCRT", "CCRT"), ["CCRT", "IC+CCRT"], ordered=True),
            "stage": pd.Categorical(rng.choice(["I", "II", "III"], n), ["I", "II", "III"], ordered=True),
            "time": np.ceil(np.minimum(time, 60)),
            "event": (time < 60).astype(int),
        },
        index=[f"P{i}" for i in range(n)],
    )


def effect(patients: pd.DataFrame) -> TreatmentEffect:
    number = patients.index.str[1:].astype(int)
    group = pd.Series(pd.Categorical.from_codes(number % 2, GROUPS, ordered=True), patients.index)
    return treatment_effect(patients, group, "regimen", VARIABLES, [])


@pytest.mark.slow
def test_a_difference_between_hospitals_is_not_an_effect_within_them(patients):
    found = effect(patients)
    assert found.hospitals == 2
    for within in found.groups.values():
        pairs = (
            (within.survival.hazard_ratio, within.survival.stratified.hazard_ratio),
            (within.weighted, within.weighted_stratified),
        )
        for pooled, stratified in pairs:
            assert pooled.ci[1] < 1
            assert stratified.ci[0] < 1 < stratified.ci[1]
        assert within.survival.logrank.p < 0.001 < within.survival.stratified.logrank.p
    assert found.interaction_stratified.estimate != found.interaction.estimate


def test_one_hospital_has_one_figure(patients):
    found = effect(patients[patients["centre"] == "north"])
    for within in found.groups.values():
        assert within.weighted_stratified == within.weighted
        assert within.survival.stratified.hazard_ratio.estimate == within.survival.hazard_ratio.estimate
    assert found.interaction_stratified == found.interaction


@pytest.mark.slow
def test_the_order_of_rows_changes_no_weighted_ratio(patients):
    rows = np.random.default_rng(0).permutation(len(patients))
    for one, other in zip(effect(patients).groups.values(), effect(patients.iloc[rows]).groups.values(), strict=True):
        assert other.weighted.estimate == pytest.approx(one.weighted.estimate, rel=1e-9)
        assert other.weighted.ci == pytest.approx(one.weighted.ci, rel=1e-9)
