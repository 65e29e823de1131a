"""Two aggregates that differ in a few patients are not both written."""

from pathlib import Path

import pandas as pd
import pytest

from npc.errors import InputError
from npc.validation.ledger import enter
from tests.validation.hospitals import drawn


def patients(n: int) -> pd.DataFrame:
    return drawn(7, n=40).rename(columns={"dmfs_months": "time", "dm_event": "event"}).head(n)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    enter(tmp_path / "model.npc.zip", patients(30), 5)
    return tmp_path / "model.npc.zip"


def test_the_same_patients_and_many_more_may_be_told(model: Path):
    enter(model, patients(30), 5)
    enter(model, patients(30).rename("again-{}".format), 5)
    enter(model, patients(35), 5)
    enter(model, patients(40), 5)


@pytest.mark.parametrize("n", [29, 26, 31, 34])
def test_a_few_more_or_fewer_are_refused(n: int, model: Path):
    with pytest.raises(InputError, match=r"by their ids, differ by a few .* so the two would tell of single patients"):
        enter(model, patients(n), 5)


def test_one_changed_outcome_is_refused(model: Path):
    changed = patients(30)
    changed.iloc[3, changed.columns.get_loc("event")] = 1 - changed["event"].iloc[3]
    with pytest.raises(InputError, match="1 new, 1 gone"):
        enter(model, changed, 5)


def test_one_patient_less_under_other_names_is_refused(model: Path):
    with pytest.raises(InputError, match=r"by their outcomes, differ by a few \(0 new, 1 gone\)"):
        enter(model, patients(29).rename("again-{}".format), 5)


def test_a_patient_in_the_place_of_another_with_the_same_outcome_is_refused(model: Path):
    rows = patients(30)
    with pytest.raises(InputError, match=r"by their ids, differ by a few \(1 new, 1 gone\)"):
        enter(model, rows.rename({rows.index[3]: "another"}), 5)


def test_the_ledger_has_no_value_of_a_patient(model: Path):
    text = (model.parent / "model.npc.zip.ledger.json").read_text()
    assert "QUILL" not in text
    assert not any(repr(float(value)) in text for value in patients(30)["time"])


def test_a_damaged_ledger_is_not_replaced(model: Path):
    (model.parent / "model.npc.zip.ledger.json").write_text("{")
    with pytest.raises(InputError, match="can't be read as the ledger"):
        enter(model, patients(30), 5)
