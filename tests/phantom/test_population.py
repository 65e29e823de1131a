"""The phantom's patients are those of Table 2, by hospital."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, chi2_contingency, ttest_1samp

from npc.phantom.hospitals import HOSPITALS
from tests.phantom.draws import draw

SEEDS = range(100, 120)
# Table 2: hospital 1 is its training and validation cohort together.
PUBLISHED = [
    {
        "sex": {"men": 141, "women": 47},
        "t_stage": {"T1": 6, "T2": 33, "T3": 100, "T4": 49},
        "n_stage": {"N0": 12, "N1": 49, "N2": 94, "N3": 33},
        "histology": {"differentiated": 9, "undifferentiated": 179},
        "ebv_dna": {True: 79, False: 109},
        "regimen": {"CCRT": 62, "IC+CCRT": 108, "CCRT+AC": 18},
        "dm_event": {1: 73, 0: 115},
    },
    {
        "sex": {"men": 36, "women": 9},
        "t_stage": {"T1": 6, "T2": 9, "T3": 22, "T4": 8},
        "n_stage": {"N0": 1, "N1": 7, "N2": 33, "N3": 4},
        "histology": {"differentiated": 3, "undifferentiated": 42},
        "ebv_dna": {True: 5, False: 40},
        "regimen": {"CCRT": 5, "IC+CCRT": 38, "CCRT+AC": 2},
        "dm_event": {1: 13, 0: 32},
    },
]
STAGES = [{"III": 113, "IVa": 45, "IVb": 30}, {"III": 33, "IVa": 8, "IVb": 4}]
AGES = [((169 * 41.94 + 19 * 44.16) / 188, 18, 71), (43.16, 20, 64)]
MONTHS = [(169 * 43.07 + 19 * 41.68) / 188, 50.98]


@pytest.fixture(scope="module", params=[0, 1], ids=[hospital.name for hospital in HOSPITALS])
def cohorts(request: pytest.FixtureRequest) -> tuple[int, list[pd.DataFrame]]:
    """A hospital's number, and its patients in twenty default phantoms."""
    size = (188, 45)[request.param]
    drawn = [draw(request.param, size, seed=seed) for seed in SEEDS]
    return request.param, [patients.assign(ebv_dna=patients["ebv_dna"] >= 4000) for patients in drawn]


def test_twenty_phantoms_have_the_marginals_of_table_2(cohorts):
    hospital, drawn = cohorts
    pooled = pd.concat(drawn)
    for column, counts in PUBLISHED[hospital].items():
        for level, count in counts.items():
            share = count / sum(counts.values())
            found = [int((patients[column] == level).sum()) for patients in drawn]
            smallest = min(binomtest(n, len(drawn[0]), share).pvalue for n in found)
            assert smallest > 0.05 / 1000, (column, level, found)  # some 800 such tests
            assert binomtest(sum(found), len(pooled), share).pvalue > 0.05 / 40, (column, level, sum(found))
        assert set(pooled[column]) <= counts.keys()


def test_twenty_phantoms_have_the_stages_of_table_2(cohorts):
    # the table has 30 patients in stage IVb and 33 with N3, which is stage IVb: to be taken as a sample itself
    hospital, drawn = cohorts
    for patients in [*drawn, pd.concat(drawn)]:
        found = [(patients["stage"] == stage).sum() for stage in STAGES[hospital]]
        assert chi2_contingency([found, list(STAGES[hospital].values())]).pvalue > 0.05 / 21


def test_twenty_phantoms_have_the_ages_of_table_2(cohorts):
    hospital, drawn = cohorts
    mean, youngest, oldest = AGES[hospital]
    for patients in drawn:
        assert patients["age"].between(youngest, oldest).all()
        assert ttest_1samp(patients["age"], mean).pvalue > 0.05 / 40
    assert pd.concat(drawn)["age"].mean() == pytest.approx(mean, abs=0.8)


def test_twenty_phantoms_are_followed_as_long_as_published(cohorts):
    hospital, drawn = cohorts
    assert pd.concat(drawn)["dmfs_months"].mean() == pytest.approx(MONTHS[hospital], abs=1.5)


def test_no_patient_is_below_stage_iii(cohorts):
    patients = pd.concat(cohorts[1])
    early = patients["t_stage"].isin(["T1", "T2"]) & patients["n_stage"].isin(["N0", "N1"])
    assert not early.any()
    # 7th edition of the AJCC
    expected = np.where(patients["n_stage"] == "N3", "IVb", np.where(patients["t_stage"] == "T4", "IVa", "III"))
    assert (patients["stage"] == expected).all()
