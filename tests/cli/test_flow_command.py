"""`npc cohort flow`, and the acquisition parameters that `npc cohort check` prints."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.usefixtures("coarse")

CRITERIA = "+cohort.criteria={adult:{column:age,keep:'>= 50',reason:younger than 50}}"


@pytest.fixture
def folder(drawn: Callable[..., Path], tmp_path: Path) -> Path:
    """A phantom of whom one patient lacks T2-w, and one has a table's fault."""
    folder = shutil.copytree(drawn(seed=1, n=24, external=6, matrix=32, readers=0), tmp_path / "cohort")
    patients = pd.read_csv(folder / "patients.csv", dtype=str)
    patients = patients.drop(columns=["os_months", "os_event"])  # they would contradict the new times
    patients["age"], patients["dm_event"] = "60", ["0", "1"] * 12
    patients["dmfs_months"] = [str(20 + row) for row in range(24)]
    patients.loc[3, ["age", "t_stage"]] = ["44", "T9"]
    patients.loc[5, "age"] = ""
    patients.loc[20, ["t2_image", "t2_mask"]] = None
    patients.to_csv(folder / "patients.csv", index=False)
    return folder


def choices(folder: Path, *more: str) -> list[str]:
    table = ["cohort=table", f"cohort.root={folder}", "cohort.missing=exclude", "split.validation=0.4", "sequence=t2"]
    return [*table, CRITERIA, *more]


@pytest.mark.slow
def test_flow_tells_each_step_by_hospital_and_draws_it(npc, folder, tmp_path):
    by_hand = "+cohort.exclude={H1-0002:withdrew consent}"
    code, output, _ = npc("cohort", "flow", *choices(folder, by_hand), "--reports", tmp_path / "reports", "--json")
    assert code == 0
    told = json.loads(output)
    assert told["centres"] == ["hospital_1", "hospital_2"]
    steps = [(step["kind"], step["label"], step["patients"]) for step in told["steps"]]
    assert steps[:6] == [
        ("all", "All patients", [24, 18, 6]),
        ("left out", "withdrew consent", [1, 1, 0]),
        ("left out", "younger than 50", [1, 1, 0]),
        ("left out", "younger than 50 (not known)", [1, 1, 0]),
        ("left out", "no t2", [1, 0, 1]),
        ("analysed", "Analysed", [20, 15, 5]),
    ]
    assert [(label, n) for _, label, n in steps[6:]] == [
        ("Training", [9, 9, 0]),
        ("Internal validation", [6, 6, 0]),
        ("External test", [5, 0, 5]),
    ]
    report = tmp_path / "reports" / "table-flow"
    assert json.loads((report / "results.json").read_text()) == told
    assert (report / "tables" / "exclusions.csv").read_text().splitlines() == [
        "patient_id,centre,reason",
        "H1-0002,hospital_1,withdrew consent",
        "H1-0004,hospital_1,younger than 50",
        "H1-0006,hospital_1,younger than 50 (not known)",
        "H2-0003,hospital_2,no t2",
    ]
    assert {path.name for path in (report / "figures").iterdir()} == {"flow.png", "flow.svg"}


def test_flow_of_a_landmark_leaves_out_who_was_censored_before(npc, folder, tmp_path):
    words = choices(folder, "endpoint=landmark", "endpoint.months=32", "split.validation=0.5")
    code, output, said = npc("cohort", "flow", *words, "--reports", tmp_path)
    assert code == 0
    patients = pd.read_csv(folder / "patients.csv").drop(index=[3, 5, 20])
    early = ((patients["dm_event"] == 0) & (patients["dmfs_months"] < 32)).sum()
    assert early > 0, said
    assert said == ""
    assert f"left out: censored before month 32: {early} (" in output
    assert f"Analysed: {21 - early} (" in output
    assert f"written to {tmp_path / 'table-flow'}" in output


def test_flow_of_one_hospital_ends_before_the_split_and_says_why(npc, folder, tmp_path):
    patients = pd.read_csv(folder / "patients.csv", dtype=str).assign(centre="A")
    patients.to_csv(folder / "patients.csv", index=False)
    code, output, told = npc("cohort", "flow", *choices(folder), "--reports", tmp_path, "--json")
    assert code == 0
    assert [step["kind"] for step in json.loads(output)["steps"]] == ["all", *["left out"] * 3, "analysed"]
    assert "not split: split=by_centre: all 21 patients are from A" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["criteria=paper"], "there is no column biopsy_proven, which the criterion biopsy (cohort.criteria.biopsy)"),
        (["+cohort.exclude={H9-1:moved}"], "there is no patient H9-1, whom cohort.exclude leaves out"),
        (["cohort.criteria.adult.keep=old"], "cohort.criteria.adult.keep is 'old'; write a list of levels"),
        (["split.by=chance"], "split.by=chance: must be one of by_centre, random"),
        (["cohort.missing=error"], "H2-0003: no t2 image"),
    ],
)
def test_what_cannot_be_is_one_message(npc, folder, tmp_path, more, told):
    code, output, said = npc("cohort", "flow", *choices(folder, *more), "--reports", tmp_path / "reports")
    assert (code, output) == (2, "")
    assert told in said
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
def test_check_prints_how_images_were_acquired(npc, folder):
    (folder / "images" / "H1-0001" / "t2.json").write_text(
        json.dumps({"Manufacturer": "UIH", "MagneticFieldStrength": 3, "EchoTime": 0.085, "SliceThickness": 4})
    )
    words = ["cohort=table", f"cohort.root={folder}", CRITERIA]
    code, output, _ = npc("cohort", "check", *words, "--json")
    assert code == 0
    rows = pd.DataFrame(json.loads(output.strip().splitlines()[-1])["acquisition"])
    assert {"GE", "Philips", "United Imaging"} == set(rows["vendor"])  # the phantom has those of Table 1
    counts = rows.groupby("sequence")["patients"].sum()
    assert counts.to_dict() == {"cet1": 22, "t2": 21}  # of 24: two are left out, one lacks T2-w
    assert (3, [85, 85], [4, 4]) in rows[["field", "te", "thickness"]].itertuples(index=False, name=None)
    _, output, _ = npc("cohort", "check", *words)
    assert "spacing between slices (mm)" in output
    assert "3T United Imaging" in output
    assert "Left out: H1-0004: younger than 50" in output
