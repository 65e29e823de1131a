"""Survival of two groups, as tables and figures take it."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from statsmodels.duration.hazard_regression import PHReg

from npc.prognosis.groups import GROUPS
from npc.prognosis.survival import survival
from npc.statistics import NotEstimable
from tests.prognosis.run_folders import population


@pytest.fixture
def patients():
    return population(120, seed=4)


def group(patients: pd.DataFrame, high: pd.Series) -> pd.Series:
    return pd.Series(pd.Categorical([GROUPS[int(h)] for h in high], GROUPS, ordered=True), patients.index)


def test_two_groups_are_compared_as_other_packages_do(patients):
    high = pd.Series([i % 3 == 0 for i in range(120)], patients.index)
    found = survival(patients, group(patients, high), strata="split")
    time, event = patients["time"], patients["event"]
    test = logrank_test(time[high], time[~high], event[high], event[~high])
    assert found.logrank.chi2 == pytest.approx(test.test_statistic, abs=1e-8)
    cox = PHReg(time, high.astype(float).to_frame(), status=event, ties="efron").fit()
    assert found.hazard_ratio.estimate == pytest.approx(np.exp(cox.params[0]), rel=1e-6)
    assert found.stratified.logrank.chi2 != found.logrank.chi2
    within = PHReg(time, high.astype(float).to_frame(), event, strata=patients["split"], ties="efron").fit()
    assert found.stratified.hazard_ratio.estimate == pytest.approx(np.exp(within.params[0]), rel=1e-6)
    for one, members in zip(found.groups, (~high, high), strict=True):
        assert (one.n, one.events) == (members.sum(), event[members].sum())
        fitted = KaplanMeierFitter().fit(time[members], event[members])
        assert one.curve.median() == fitted.median_survival_time_
    assert found.months == tuple(range(0, int(time.max()) + 1, 12))


def test_a_group_without_patients_has_no_curve_and_no_comparison(patients):
    found = survival(patients, group(patients, pd.Series(False, patients.index)))
    assert (found.groups[1].n, found.groups[1].curve, found.stratified) == (0, None, None)
    assert isinstance(found.logrank, NotEstimable)
    assert isinstance(found.hazard_ratio, NotEstimable)


def test_patients_without_group_are_left_out(patients):
    groups = group(patients, pd.Series([i % 2 == 0 for i in range(120)], patients.index))
    groups.iloc[:7] = None
    assert sum(one.n for one in survival(patients, groups).groups) == 113
