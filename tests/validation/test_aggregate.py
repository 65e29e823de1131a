"""What may leave the hospital: no patient can be found in it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from npc.bundle.formula import Formula
from npc.cohort.label import label
from npc.statistics import NotEstimable
from npc.validation.aggregate import _on_logit, aggregate
from npc.validation.measure import Validation
from tests.validation.hospitals import BUNDLE, PLAIN, drawn, measured

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
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
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


def test_a_single_patient_of_high_risk_is_in_no_sum(patients: list[pd.DataFrame]):
    """The log-rank sums of a group of one are this patient's event and the hazard until then."""
    rows = patients[1].copy()
    rows["risk"] = rows["risk"] / 2
    rows.iloc[3, rows.columns.get_loc("risk")] = 0.9
    told = aggregate(BUNDLE, measured(rows))
    assert told["groups"] == {}
    assert not [name for name in told["sums"] if "logrank" in name]


def in_years(patients: pd.DataFrame, groups: dict[str, Any]) -> Iterator[pd.Series]:
    """What A can add up: the patients of each class until a limit of each group, in every combination."""
    limits = [[-1.0, *(year["to"] or np.inf for year in of["years"])] for of in groups.values()]
    names = list(groups)
    for low, high, event in product(*limits, ((0,), (1,), (0, 1))):
        until = patients["group"].astype(str).map({names[0]: low, names[1]: high})
        yield (patients["time"] <= until) & patients["event"].isin(event)


@pytest.mark.parametrize("months", [24, 36, 37])
def test_no_count_less_another_is_small(months: int, found: list[Validation]):
    """Months are whole numbers, so that some patients have events or end at a landmark or at the limit of a year."""
    written = set()
    for seed in range(3):
        of = found[seed]
        time = (of.patients["time"] + np.random.default_rng(seed).uniform(0, 6, len(of.patients))).round()
        patients = of.patients.assign(time=time, label=label(time, of.patients["event"], "landmark", months))
        told = aggregate(BUNDLE, replace(of, patients=patients))
        subsets = []
        if "auc_pairs" in told["sums"]:
            subsets += [patients["label"].eq(value).fillna(False).astype(bool) for value in (0, 1)]
            subsets.append(patients["label"].isna())
        if "observed" in told["sums"]:
            subsets.append((patients["event"] == 1) & (patients["time"] <= 96))
        subsets += [of & (patients["event"] == value) for of in subsets for value in (0, 1)]
        sets = [*subsets, *(patients["event"] == value for value in (0, 1))]
        assert not [n for a, b in product(sets, sets) if 0 < (n := (a & ~b).sum()) < 5]
        assert min(pd.concat(sets, axis=1, ignore_index=True).value_counts()) >= 5
        written |= told["sums"].keys()
        for those, union in product(subsets, in_years(patients, told["groups"])):
            for one, other in ((those, union), (union, those)):
                left = (one & ~other).sum()
                assert left == 0 or left >= 5 or (other & ~one).any()  # else the difference of the counts is `left`
    assert "observed" in written


def test_few_patients_without_the_event_beyond_a_landmark_are_not_told():
    """AUC's pairs, 15 of 7, with 20 events among 60 patients would leave 2."""
    rows, until = drawn(6, n=60), np.r_[np.linspace(2, 35, 15), np.linspace(40, 60, 5), np.linspace(1, 34, 38), 70, 80]
    rows = rows.assign(dmfs_months=until, dm_event=[1] * 20 + [0] * 40)
    told = aggregate(BUNDLE, measured(rows, kind="landmark", months=36))
    assert (told["patients"], told["events"]) == (60, 20)
    assert not [name for part in ("sums", "figures") for name in told[part] if name.startswith("auc")]
    wider = rows.assign(dmfs_months=np.r_[until[:20], np.linspace(1, 34, 30), np.linspace(61, 80, 10)])
    assert aggregate(BUNDLE, measured(wider, kind="landmark", months=36))["sums"]["auc_pairs"] == 15 * 15


CLINICAL = replace(BUNDLE, formula=Formula({**PLAIN, "signatures": {}}))


def with_one_variable(events: int, others: int) -> pd.DataFrame:
    """61 patients, 26 of them with the event; so many of both have the high risk of two that there are."""
    rows = drawn(9, n=61).assign(dm_event=[1] * 26 + [0] * 35)
    return rows.assign(risk=[0.8] * events + [0.3] * (26 - events) + [0.8] * others + [0.3] * (35 - others))


def test_a_level_of_few_patients_does_not_follow_from_auc_or_concordance():
    """438 of 910 pairs have the one solution of 2 and 4 patients, and four digits of the AUC tell 438."""
    told = aggregate(CLINICAL, measured(with_one_variable(2, 4)))
    assert told["groups"] == {}
    assert not {"auc", "harrell", "slope"} & {name.partition("_")[0] for name in (*told["sums"], *told["figures"])}
    assert {"observed", "expected"} <= told["sums"].keys()


def test_a_model_of_two_levels_with_many_patients_each_has_figures_and_no_sums():
    told = aggregate(CLINICAL, measured(with_one_variable(14, 9)))
    assert told["figures"]["auc"]["estimate"] == round((14 * 26 + (14 * 9 + 12 * 26) / 2) / 910, 4)
    assert {"auc", "harrell", "slope"} <= told["figures"].keys()
    assert not [name for name in told["sums"] if name.startswith(("auc", "harrell"))]


@pytest.mark.parametrize(("estimate", "written"), [(0.99998, False), (0.9996, True)])
def test_a_share_that_is_written_as_1_has_no_log_odds(estimate: float, written: bool):
    assert bool(_on_logit("auc", estimate, 1e-6)) == written


def test_a_model_of_few_levels_tells_no_sum_of_its_risks(found: list[Validation]):
    """A knows all risks that it can give, so that a sum of a few would tell how many patients have which."""
    told, other = (aggregate(of, found[0]) for of in (CLINICAL, BUNDLE))
    bins, others = ([each for group in of["groups"].values() for each in group["bins"]] for of in (told, other))
    assert not any("expected" in each for each in bins)
    assert [{**each, "expected": None} for each in bins] == [{**each, "expected": None} for each in others]
    assert told["figures"] == {**other["figures"], "intercept": told["figures"]["intercept"]}  # 150 risks differ
    assert told["sums"]["expected"] == float(f"{other['sums']['expected']:.4g}")


def test_a_constant_signature_beside_an_age_hides_no_risk(patients: list[pd.DataFrame]):
    """All risks of the model follow from the age then, as of a model without signature."""
    told = aggregate(BUNDLE, measured(patients[0], signature=0.4))
    assert not any("expected" in each for group in told["groups"].values() for each in group["bins"])
    assert not [name for name in told["sums"] if name.startswith(("auc", "harrell"))]


def test_few_risks_beside_a_signature_that_varies_hide_no_risk(patients: list[pd.DataFrame]):
    """A signature whose coefficient is 0, say."""
    few = patients[0].assign(risk=patients[0]["risk"].round().clip(0, 1) / 2 + 0.1)
    told = aggregate(BUNDLE, measured(few, signature=patients[0]["risk"]))
    assert few["risk"].nunique() <= 3
    assert not any("expected" in each for group in told["groups"].values() for each in group["bins"])
    assert not [name for name in told["sums"] if name.startswith(("auc", "harrell"))]


def test_figures_have_four_digits(told: dict[str, Any]):
    values = [value for of in told["figures"].values() for value in of.values()]
    assert len(values) == 8
    assert all(value == float(f"{value:.4g}") for value in values)
