"""AUCs of models and paired tests between them."""

import numpy as np
import pandas as pd
import pytest

from npc.prognosis.discrimination import auc, comparisons
from npc.statistics import NotEstimable
from npc.statistics.delong import delong
from tests.prognosis.run_folders import population


@pytest.fixture
def patients():
    return population(200, seed=3)


@pytest.fixture
def risks(patients):
    rng = np.random.default_rng(0)
    return {
        name: pd.Series(weight * patients["label"] + rng.standard_normal(len(patients)), patients.index)
        for name, weight in (("combined", 2.0), ("deep_learning", 1.0), ("clinical", 0.2))
    }


def test_what_is_not_estimable_carries_its_reason(patients, risks):
    alone = auc(patients["label"] * 0, risks["clinical"], draws=100, seed=0)
    assert isinstance(alone.estimate, NotEstimable)
    assert "0 of 200 patients have the event" in str(alone.estimate)
    assert (alone.intervals, alone.n, alone.events) == ({}, 200, 0)
    perfect = auc(patients["label"], patients["label"], draws=100, seed=0)
    assert perfect.estimate == 1
    assert all(isinstance(limits, NotEstimable) for limits in perfect.intervals.values())


@pytest.mark.slow
def test_holm_corrects_over_the_pairs_of_a_cohort(patients, risks):
    found = comparisons(patients, risks)
    assert len(found) == 9
    for split in ("train", "validation", "test"):
        tests = sorted((one for one in found if one.split == split), key=lambda one: one.test.p)
        expected = np.minimum(np.maximum.accumulate([one.test.p * (3 - i) for i, one in enumerate(tests)]), 1)
        assert [one.p_holm for one in tests] == pytest.approx(expected)
        rows = patients[patients["split"] == split]
        for one in tests:
            aucs = [delong(rows["label"], risks[name][rows.index]).auc[0] for name in (one.first, one.second)]
            assert one.test.difference == pytest.approx(aucs[0] - aucs[1], abs=1e-12)


@pytest.mark.slow
def test_a_pair_without_test_takes_no_part_in_the_correction(patients, risks):
    same = patients.assign(label=(patients["label"] * (patients["split"] != "test")))
    found = [one for one in comparisons(same, risks) if one.split == "test"]
    assert all(isinstance(one.test, NotEstimable) and one.p_holm is None for one in found)
