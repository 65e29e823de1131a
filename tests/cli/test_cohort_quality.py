"""`npc cohort quality` as a user types it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.usefixtures("coarse")


@pytest.fixture
def quality(npc, tmp_path):
    """Runs the command with a report folder of its own: exit code, output, error stream."""
    return lambda *words: npc("cohort", "quality", *words, "--reports", tmp_path / "reports")


@pytest.fixture
def folder(drawn, tmp_path) -> Path:
    return shutil.copytree(drawn(seed=2, n=8, external=3, matrix=32, readers=0), tmp_path / "cohort")


def choices(folder: Path) -> list[str]:
    return ["cohort=table", f"cohort.root={folder}", "cohort.name=ours", "cohort.size=32"]


@pytest.mark.slow
def test_report_and_json_hold_the_same(quality, folder, tmp_path):
    code, output, _ = quality(*choices(folder), "cohort.mssim=0.5", "cohort.sequences=[t2]", "--json")
    assert code == 0
    told = json.loads(output)
    report = tmp_path / "reports" / "ours-quality"
    assert json.loads((report / "results.json").read_text()) == told
    assert (told["development"], told["external"], told["threshold"]) == ("hospital_1", ["hospital_2"], 0.5)
    table = pd.read_csv(report / "tables" / "mssim.csv")
    assert list(table) == ["patient_id", "centre", "sequence", "mssim_unmasked", "mssim_masked"]
    for sequence, of in told["sequences"].items():
        rows = table[table["sequence"] == sequence]
        assert of["patients"] == {"development": len(rows), "external": 3} == {"development": 5, "external": 3}
        for reading in ("unmasked", "masked"):
            assert of[reading]["share"] == (rows[f"mssim_{reading}"] >= 0.5).mean()
            assert of[reading]["median"] == pytest.approx(rows[f"mssim_{reading}"].median())
        for figure in ("pairs", "least_consistent"):
            assert (report / "figures" / f"{figure}_{sequence}.svg").exists()


@pytest.mark.slow
def test_people_read_why_masking_flatters_and_where_the_report_lies(quality, folder, tmp_path):
    code, output, _ = quality(*choices(folder), "cohort.sequences=[t2]")
    assert code == 0
    for words in ("ours: MSSIM of hospital_1 against hospital_2", "≥ 0.9", "flatters", "before", "after"):
        assert words in output
    assert str(tmp_path / "reports" / "ours-quality") in output


@pytest.mark.slow
def test_who_lacks_a_sequence_is_counted_and_named(quality, folder, tmp_path):
    patients = pd.read_csv(folder / "patients.csv", dtype=str)
    external = patients["centre"] == "hospital_2"
    patients.loc[external, ["t2_image", "t2_mask"]] = None
    patients.loc[0, ["cet1_image", "cet1_mask"]] = None
    patients.to_csv(folder / "patients.csv", index=False)
    code, output, _ = quality(*choices(folder), "--json")
    assert code == 0
    told = json.loads(output)["sequences"]
    assert told["cet1"]["lacking"] == 1
    assert told["t2"]["patients"] == {"development": 5, "external": 0}
    assert told["t2"]["not_estimable"] == "one side has no patient with this sequence"
    left_out = pd.read_csv(tmp_path / "reports" / "ours-quality" / "tables" / "exclusions.csv")
    assert set(left_out["patient_id"]) == {*patients.loc[external, "patient_id"], patients.loc[0, "patient_id"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["cohort.mssim=2"], "cohort.mssim=2.0: must be between 0 and 1"),
        (["preprocess.size=8"], "preprocess.size=8: must be between 16"),
        (["cohort.development=elsewhere"], "no centre 'elsewhere'"),
        (["cohort.name=a/b"], "usable as the name of a folder"),
    ],
)
def test_wrong_choices(quality, folder, tmp_path, more, told):
    code, output, error = quality(*choices(folder), *more)
    assert (code, output) == (2, "")
    assert told in error
    assert not (tmp_path / "reports").exists()


def test_one_centre(quality, folder, tmp_path):
    patients = pd.read_csv(folder / "patients.csv", dtype=str).assign(centre="hospital_1")
    patients.to_csv(folder / "patients.csv", index=False)
    code, _, error = quality(*choices(folder))
    assert code == 2
    assert "nothing to compare" in error
    assert "Traceback" not in error
