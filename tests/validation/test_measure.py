"""The figures of a model at another hospital."""

import numpy as np
import pandas as pd
import pytest

from npc.errors import InputError
from npc.statistics.delong import auc
from npc.statistics.survival_calibration import calibration_slope
from npc.validation.measure import Validation, expected_events
from npc.validation.recalibration import Recalibrated
from tests.validation.hospitals import drawn, measured


def test_the_figures_are_those_of_the_risks(found: list[Validation], patients: list[pd.DataFrame]):
    one, of = found[0], patients[0]
    assert one.auc.estimate == auc(of["dm_event"], of["risk"])
    high = of["risk"] > 0.5
    assert one.survival.groups[1].n == high.sum()
    assert one.classification["sensitivity"].count == (high & (of["dm_event"] == 1)).sum()
    assert one.times.calibration.slope.estimate == pytest.approx(1, abs=0.6)  # the model knows the hazard


def by_method(found: Validation) -> dict[str, Recalibrated]:
    return {of.method: of for of in found.recalibrated}


def test_recalibration_brings_expected_to_observed(found: list[Validation]):
    """The third hospital has twice the hazard that the model foresees."""
    of = by_method(found[2])
    assert of["none"].oe.estimate > 1.3
    assert of["intercept"].intercept == pytest.approx(np.log(2), abs=0.35)
    rows = found[2].patients
    expected = expected_events(found[2].form, rows, 36).sum() * np.exp(of["intercept"].intercept)
    assert expected == pytest.approx(rows["event"].where(rows["time"] <= 36, 0).sum())
    assert of["slope"].oe.estimate == pytest.approx(1, abs=0.1)
    assert of["slope"].brier.score.estimate <= of["none"].brier.score.estimate


def test_the_slope_is_that_of_a_cox_regression(found: list[Validation]):
    rows = found[0].patients
    slope = calibration_slope(rows["time"], rows["event"], 2 * (rows["risk"] - 0.5), 36).estimate
    assert by_method(found[0])["slope"].slope == pytest.approx(slope)


def test_a_cohort_without_events_is_refused():
    with pytest.raises(InputError, match="fewer than two patients with or without distant metastasis"):
        measured(drawn(1, n=30).assign(dm_event=0))


def test_patients_censored_before_a_landmark_count_in_curves_alone():
    rows = drawn(1)
    found = measured(rows, kind="landmark", months=36)
    lost = (rows["dm_event"] == 0) & (rows["dmfs_months"] < 36)
    assert found.auc.n == (~lost).sum() < len(rows)
    assert sum(group.n for group in found.survival.groups) == len(rows)
    assert found.patients["label"].isna().sum() == lost.sum()
