"""What may leave the hospital: no patient can be found in it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from npc.statistics import NotEstimable
from npc.validation.aggregate import aggregate
from npc.validation.measure import Validation
from tests.validation.hospitals import BUNDLE, drawn, measured

COUNTS = ("patients", "events", "at_risk", "censored", "observed")


@pytest.fixture(scope="module")
def told(found: list[Validation]) -> dict[str, Any]:
    return aggregate(BUNDLE, found[0])


def counts(content: Any) -> Iterator[int]:
    """Every count, wherever it stands, and the patients without event that follow from two of them."""
    if isinstance(content, dict):
        yield from (content[name] for name in COUNTS if name in content)
        if {"patients", "events"} <= content.keys():
            yield content["patients"] - content["events"]
        for value in content.values():
            yield from counts(value)
    elif isinstance(content, list):
        for value in content:
            yield from counts(value)


def test_no_cell_is_small(told: dict[str, Any], found: list[Validation]):
    assert min(counts(told)) >= 5
    assert min(counts(aggregate(BUNDLE, found[0], smallest=12))) >= 12


def test_cells_that_follow_from_others_are_not_small(told: dict[str, Any]):
    low, high = told["groups"].values()
    for name in ("patients", "events"):
        assert low[name] + high[name] == told[name]
    for group in (low, high):
        assert sum(of["patients"] for of in group["bins"]) == group["patients"]
        assert sum(of["events"] for of in group["years"]) == group["events"]
        assert sum(of["events"] + of["censored"] for of in group["years"]) == group["patients"]
    assert all(group["years"][-1]["to"] is None for group in (low, high))
    later = told["events"] - told["sums"]["observed"]
    assert later == 0 or later >= 5


def test_no_value_of_a_patient_is_in_it(told: dict[str, Any], patients: list[pd.DataFrame], found: list[Validation]):
    text = json.dumps(told)
    assert "QUILL" not in text
    numbers = {float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)}
    own = patients[0][["dmfs_months", "risk"]].to_numpy().ravel()
    absolute = found[0].times.calibration.probability
    assert not any(abs(number - value) < 1e-9 for number in numbers for value in [*own, *absolute])


def test_a_planted_patient_changes_no_limit_of_a_bin(patients: list[pd.DataFrame]):
    """An outlier, whose time and risk nobody else has, is not seen in the limits."""
    planted = patients[0].copy()
    planted.iloc[0, :3] = [89.123456, 1, 0.987654]
    told = [aggregate(BUNDLE, measured(rows))["groups"].values() for rows in (patients[0], planted)]
    limits = {of[end] for groups in told for group in groups for of in group["bins"] for end in ("from", "to")}
    assert limits <= {percent / 100 for percent in range(0, 101, 5)}


def test_few_events_give_no_file():
    few = drawn(5, n=40)
    few["dm_event"] = [1] * 4 + [0] * 36
    with pytest.raises(NotEstimable, match="fewer than 5 patients"):
        aggregate(BUNDLE, measured(few))


def test_a_group_with_few_events_hides_both(patients: list[pd.DataFrame]):
    rows = patients[1].copy()
    low = rows.index[rows["risk"] <= 0.5]
    rows.loc[low, "dm_event"] = 0
    rows.loc[low[:3], "dm_event"] = 1
    assert aggregate(BUNDLE, measured(rows))["groups"] == {}
