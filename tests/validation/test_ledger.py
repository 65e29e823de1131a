"""Two aggregates that differ in a few patients are not both written."""

import json
from pathlib import Path

import pandas as pd
import pytest

from npc.errors import InputError
from npc.validation.ledger import enter
from tests.validation.hospitals import drawn


def patients(n: int, seed: int = 7) -> pd.DataFrame:
    return drawn(seed, n=40).rename(columns={"dmfs_months": "time", "dm_event": "event"}).head(n)


def written(model: Path, rows: pd.DataFrame, smallest: int = 5, horizon: float = 36) -> None:
    enter(model, rows, smallest, horizon)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    written(tmp_path / "model.npc.zip", patients(30))
    return tmp_path / "model.npc.zip"


def test_the_same_patients_and_others_may_be_told(model: Path):
    written(model, patients(30))
    written(model, patients(30).rename("again-{}".format))
    written(model, patients(30, seed=8))


def test_one_changed_risk_is_refused(model: Path):
    """After a corrected outline the difference of two files shows the group and the outcome of this patient."""
    changed = patients(30)
    changed.iloc[3, changed.columns.get_loc("risk")] += 0.01
    with pytest.raises(InputError, match=r"the risks of 1 of them have changed since.*--replace"):
        written(model, changed)


def test_the_folder_of_a_model_may_be_the_present_one(tmp_path: Path, monkeypatch):
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.chdir(folder)
    written(Path(), patients(30))
    assert (tmp_path / "run.ledger.json").exists()


@pytest.mark.parametrize("n", [26, 29, 31, 40])
def test_more_or_fewer_of_the_same_patients_are_refused(n: int, model: Path):
    with pytest.raises(InputError, match=rf"has {min(n, 30)} of these patients, so the two would tell of single"):
        written(model, patients(n))


def test_one_changed_outcome_is_refused(model: Path):
    changed = patients(30)
    changed.iloc[3, changed.columns.get_loc("event")] = 1 - changed["event"].iloc[3]
    with pytest.raises(InputError, match="has 30 of these patients"):
        written(model, changed)


@pytest.mark.parametrize(("n", "counts"), [(29, "0 new, 1 gone"), (38, "8 new, 0 gone")])
def test_more_or_fewer_under_other_names_are_refused(n: int, counts: str, model: Path):
    with pytest.raises(InputError, match=rf"differ by a few in their outcomes \({counts}\)"):
        written(model, patients(n).rename("again-{}".format))


def test_a_patient_in_the_place_of_another_with_the_same_outcome_is_refused(model: Path):
    rows = patients(30)
    with pytest.raises(InputError, match="has 29 of these patients"):
        written(model, rows.rename({rows.index[3]: "another"}))


def test_other_cells_of_the_same_patients_are_refused(model: Path):
    """Bins with other limits, less those of the first file, would be small."""
    for choices in ((6, 36), (5, 48)):
        with pytest.raises(InputError, match="was written with --smallest 5 --horizon 36, and other cells of the same"):
            written(model, patients(30), *choices)


def test_a_file_of_an_earlier_npc_is_named_as_such(model: Path):
    path = model.parent / "model.npc.zip.ledger.json"
    ledger = json.loads(path.read_text())
    for name in ("smallest", "horizon"):
        del ledger["told"][0][name]
    path.write_text(json.dumps(ledger))
    message = "by an earlier npc, whose cells had other limits.*; send that one, or delete the earlier .* add --replace"
    with pytest.raises(InputError, match=message):
        written(model, patients(30))


def test_a_file_is_replaced_by_one_of_longer_follow_up(model: Path):
    """The earlier one, deleted by all who had it, is forgotten; others are not."""
    longer = patients(30).assign(time=lambda table: table["time"] + 12)
    written(model, patients(30, seed=8))
    with pytest.raises(InputError, match="delete the earlier file wherever it was sent, and add --replace"):
        written(model, longer)
    enter(model, longer, 5, 36, replace=True)
    written(model, longer)
    for rows in (patients(30), patients(29, seed=8)):
        with pytest.raises(InputError, match="of these patients, so the two would tell of single"):
            written(model, rows)


def test_the_ledger_has_no_value_of_a_patient(model: Path):
    text = (model.parent / "model.npc.zip.ledger.json").read_text()
    assert "QUILL" not in text
    assert not any(repr(float(value)) in text for value in patients(30)["time"])


def test_a_damaged_ledger_is_not_replaced(model: Path):
    (model.parent / "model.npc.zip.ledger.json").write_text("{")
    with pytest.raises(InputError, match="can't be read as the ledger"):
        written(model, patients(30))
