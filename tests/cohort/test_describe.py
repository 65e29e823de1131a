import io
import json
from pathlib import Path

import pandas as pd
from rich.console import Console

from npc.cohort.clinical import Variable
from npc.cohort.cohort import Cohort
from npc.cohort.describe import describe, median_follow_up, tables

CLINICAL = (Variable("age", "continuous"), Variable("sex", "binary", ("male", "female")))


def cohort() -> Cohort:
    patients = pd.DataFrame(
        {
            "centre": ["[A]", "[A]", "[A]", "B"],
            "age": [40.0, 50.0, None, None],
            "sex": pd.Categorical(["male", "female", "male", None], ["male", "female"]),
            "dmfs_months": [10.0, 20.0, 30.0, 5.0],
            "dm_event": [1, 0, 0, 1],
            "cet1_image": ["a.nii", "b.nii", "broken.nii", pd.NA],
        },
        index=pd.Index(["a", "b", "c", "d"], name="patient_id"),
    )
    exclusions = pd.DataFrame({"patient_id": ["e"], "reason": ["no cet1"]})
    return Cohort("ours", Path("data"), patients, ("cet1", "t2"), exclusions)


GRIDS = {"cet1": [{"size": [30, 512, 512], "spacing": [6.0, 0.43, 0.43], "images": 2, "by_index": 0}]}
FAULTS = ["data/broken.nii is cut short; copy it again"]


def test_figures_by_centre():
    found = describe(cohort(), CLINICAL, time="dmfs_months", event="dm_event", grids=GRIDS, faults=FAULTS)
    assert found["centres"]["[A]"] == {
        "patients": 3,
        "events": 1,
        "median_follow_up": 20.0,
        "first_event": 10.0,
        "last_event": 10.0,
    }
    assert found["centres"]["B"]["median_follow_up"] is None  # everyone had the event
    assert found["sequences"] == {"[A]": {"cet1": 3, "t2": 0}, "B": {"cet1": 0, "t2": 0}}
    assert found["clinical"]["age"]["[A]"] == {"missing": 1, "q1": 42.5, "median": 45.0, "q3": 47.5}
    assert found["clinical"]["age"]["B"] == {"missing": 1, "q1": None, "median": None, "q3": None}
    assert found["clinical"]["sex"]["[A]"] == {"missing": 0, "counts": {"male": 2, "female": 1}}
    assert found["grids"] == GRIDS
    assert found["faults"] == FAULTS
    json.dumps(found, allow_nan=False)


def test_the_tables_show_the_figures():
    console = Console(width=120, file=io.StringIO(), record=True)
    for table in tables(describe(cohort(), CLINICAL, time="dmfs_months", event="dm_event", grids=GRIDS, faults=FAULTS)):
        console.print(table)
    shown = console.export_text()
    for part in ("[A]", "30 x 512 x 512", "45 (42.5 to 47.5)", "Left out: e: no cet1", "Fault: data/broken.nii"):
        assert part in shown


def test_faults_alone_are_shown():
    (only,) = tables({"faults": ["patients.csv is empty"]})
    assert str(only) == "Fault: patients.csv is empty"


def test_follow_up_counts_events_as_censored():
    # Ends of follow-up at 2 and 4; after the first of them, 2 of 3 still follow, after the last none.
    assert median_follow_up(pd.Series([1.0, 2.0, 3.0, 4.0]), pd.Series([1, 0, 1, 0])) == 4.0
