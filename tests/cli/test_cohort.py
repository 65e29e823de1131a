"""The `npc` command as a user types it: what is printed, and how it ends."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from tests.second_outlines import add_second_outlines, pixels

pytestmark = pytest.mark.usefixtures("coarse")

PHANTOM = {"seed": 1, "n": 12, "external": 4, "matrix": 32, "signal": 1.0, "readers": 0}


@pytest.fixture(scope="module")
def published(drawn: Callable[..., Path]) -> Path:
    """A phantom as cohort folder, not to be changed."""
    return drawn(**PHANTOM)


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A phantom as cohort folder, to be spoilt."""
    return shutil.copytree(published, tmp_path / "cohort")


def figures(output: str) -> dict:
    """The JSON that stands in the last line; a progress bar may have gone before."""
    return json.loads(output.strip().splitlines()[-1])


def test_help_tells_the_commands(npc):
    for words, told in [
        (["--help"], ["cohort"]),
        (["cohort", "--help"], ["check", "phantom"]),
        (["cohort", "check", "--help"], ["--json", "cohort=table cohort.root=DIR"]),
        (["cohort", "phantom", "--help"], ["--seed", "--external", "--matrix", "--signal", "--json"]),
    ]:
        code, output, _ = npc(*words)
        assert code == 0
        for word in told:
            assert word in output


def test_without_a_command_the_help_is_shown(npc):
    code, output, told = npc("cohort")
    assert code == 2
    assert "phantom" in output + told


@pytest.mark.slow
def test_the_installed_command_runs():
    script = Path(sys.executable).with_name("npc")
    ended = subprocess.run([script, "cohort", "check", "cohort=tabel"], capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("npc: ")
    assert "Could not find 'cohort/tabel'" in ended.stderr
    assert "Traceback" not in ended.stderr


# npc cohort phantom


@pytest.mark.slow
def test_phantom_writes_a_cohort_and_tells_its_figures(npc, tmp_path):
    folder = tmp_path / "new" / "phantom"
    code, output, _ = npc("cohort", "phantom", folder, "--n", 20, "--external", 5, "--matrix", 32, "--json")
    assert code == 0
    told = json.loads(output[output.index("{") :])
    patients = pd.read_csv(folder / "patients.csv")
    assert {centre: of["patients"] for centre, of in told.items()} == {"hospital_1": 15, "hospital_2": 5}
    assert sum(of["events"] for of in told.values()) == patients["dm_event"].sum()
    assert all(0 <= of["oracle_cet1"] <= 1 for of in told.values() if of["oracle_cet1"] is not None)
    assert json.loads((folder / "phantom.json").read_text())["matrix"] == 32


def test_phantom_says_what_to_do_next(npc, tmp_path):
    code, output, _ = npc("cohort", "phantom", tmp_path / "p", "--n", 4, "--external", 0, "--matrix", 32)
    assert code == 0
    assert "hospital_1: patients 4, events" in output
    assert f"python train.py cohort=table cohort.root={tmp_path / 'p'}" in output


@pytest.mark.slow
def test_json_is_all_that_is_printed(npc, tmp_path, published):
    _, output, _ = npc("cohort", "phantom", tmp_path / "p", "--n", 4, "--external", 1, "--matrix", 32, "--json")
    json.loads(output)
    _, output, _ = npc("cohort", "check", "cohort=table", f"cohort.root={published}", "--json")
    json.loads(output)


def one_message(told: str) -> None:
    assert told.startswith("npc: ")
    assert told.count("npc: ") == 1
    assert "Traceback" not in told


def test_phantom_leaves_a_folder_that_is_there_alone(npc, folder):
    before = sorted(folder.rglob("*"))
    code, output, told = npc("cohort", "phantom", folder, "--n", 4, "--matrix", 32)
    assert (code, output) == (2, "")
    one_message(told)
    assert told == f"npc: {folder}: exists already; remove it or name another folder\n"
    assert sorted(folder.rglob("*")) == before


def test_phantom_tells_all_options_that_cannot_be(npc, tmp_path):
    sizes = ["--n", 10, "--external", 10, "--matrix", 4]
    code, _, told = npc("cohort", "phantom", tmp_path / "p", *sizes, "--signal", 2, "--dice-reader2", 0.1)
    assert code == 2
    one_message(told)
    for key in ("--external 10:", "--matrix 4:", "--signal 2.0:", "--dice-reader2 0.1:"):
        assert key in told
    assert not list(tmp_path.iterdir())


def test_phantom_tells_where_it_cannot_write(npc, tmp_path):
    (tmp_path / "file").touch()
    code, _, told = npc("cohort", "phantom", tmp_path / "file" / "p", "--n", 4, "--matrix", 32)
    assert code == 2
    one_message(told)
    assert str(tmp_path / "file") in told


# npc cohort check


@pytest.mark.slow
def test_check_tells_what_a_cohort_holds(npc, published):
    code, output, _ = npc("cohort", "check", "cohort=table", f"cohort.root={published}", "--json")
    assert code == 0
    told = figures(output)
    patients = pd.read_csv(published / "patients.csv")
    assert told["patients"] == 12
    assert told["faults"] == []
    assert told["exclusions"] == []
    for centre, rows in patients.groupby("centre"):
        assert told["centres"][centre]["patients"] == len(rows)
        assert told["centres"][centre]["events"] == rows["dm_event"].sum()
        assert told["sequences"][centre] == {"cet1": len(rows), "t2": len(rows)}
        assert told["clinical"]["sex"][centre]["counts"] == {
            level: (rows["sex"] == level).sum() for level in ("women", "men")
        }
        assert told["clinical"]["age"][centre]["median"] == rows["age"].median()
    for grids in told["grids"].values():
        assert sum(grid["images"] for grid in grids) == 12
        assert {tuple(grid["size"]) for grid in grids} == {(16, 32, 32), (14, 32, 32)}
        assert {grid["spacing"][0] for grid in grids} == {5.0, 6.0}


@pytest.mark.slow
def test_check_prints_tables_for_people(npc, published):
    code, output, _ = npc("cohort", "check", "cohort=table", f"cohort.root={published}")
    assert code == 0
    for words in ("12 patients", "hospital_2", "median follow-up", "16 x 32 x 32", "IC+CCRT"):
        assert words in output


@pytest.mark.slow
def test_check_builds_the_phantom_of_the_config(npc, tmp_path):
    choices = [f"cohort.root={tmp_path}", "cohort.n=6", "cohort.external=2", "cohort.matrix=32"]
    code, output, _ = npc("cohort", "check", *choices, "--json")
    assert code == 0
    assert figures(output)["patients"] == 6


@pytest.mark.slow
def test_check_counts_who_lacks_a_sequence(npc, folder):
    patients = pd.read_csv(folder / "patients.csv", dtype=str)
    patients.loc[[0, 2], ["t2_image", "t2_mask"]] = None
    patients.to_csv(folder / "patients.csv", index=False)
    code, output, _ = npc("cohort", "check", "cohort=table", f"cohort.root={folder}", "--json")
    assert code == 0
    told = figures(output)
    assert told["patients"] == 12
    assert told["sequences"]["hospital_1"] == {"cet1": 8, "t2": 6}
    assert sum(grid["images"] for grid in told["grids"]["t2"]) == 10


@pytest.mark.slow
def test_check_applies_the_rule_of_missing_images(npc, folder):
    patients = pd.read_csv(folder / "patients.csv", dtype=str)
    patients.loc[[0, 2], ["t2_image", "t2_mask"]] = None
    patients.to_csv(folder / "patients.csv", index=False)
    choices = ["cohort", "check", "cohort=table", f"cohort.root={folder}", "sequence=t2", "--json"]
    code, output, _ = npc(*choices)
    assert code == 2
    assert [
        fault.endswith("or exclude such patients with cohort.missing=exclude") for fault in figures(output)["faults"]
    ]
    code, output, _ = npc(*choices, "cohort.missing=exclude")
    assert code == 0
    assert figures(output)["patients"] == 10
    assert [left["reason"] for left in figures(output)["exclusions"]] == ["no t2", "no t2"]


@pytest.mark.slow
def test_check_warns_where_a_run_could_not_begin(npc, folder):
    patients = pd.read_csv(folder / "patients.csv", dtype=str)
    patients.loc[0, ["dmfs_months", "dm_event", "os_months", "os_event"]] = ["500", "0", "500", "0"]
    patients.to_csv(folder / "patients.csv", index=False)
    choices = ["cohort", "check", "cohort=table", f"cohort.root={folder}"]
    code, output, _ = npc(*choices, "split.validation=0.1", "--json")
    assert code == 0
    refusal, *unlikely = figures(output)["warnings"]
    assert refusal.startswith("train.py would refuse these choices: split: too few patients in validation")
    assert [warning.split(",")[0] for warning in unlikely] == [
        f"patient {patients.loc[0, 'patient_id']}: {time}_months is 500" for time in ("dmfs", "os")
    ]
    _, output, _ = npc(*choices, "split.validation=0.1")
    assert "Warning: train.py would refuse these choices" in output


@pytest.mark.slow
def test_the_tables_of_check_fit_into_80_columns(npc, published, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, output, _ = npc("cohort", "check", "cohort=table", f"cohort.root={published}")
    assert code == 0
    lines = [line for line in output.splitlines() if not line.startswith(("Warning: ", "Left out: "))]
    assert max(map(len, lines)) <= 80
    assert "…" not in output
    for words in ("reconstructed matrix", "spacing between slices (mm)", "32 × 32", "16 x 32 x 32"):
        assert words in output


# A fault planted in each patient's line, and what is told of it.
TABLE_FAULTS = [
    ("patient_id", "H1-0002", "patient H1-0002: patient_id occurs more than once"),
    ("t_stage", "T5", "t_stage is 'T5'; the levels are T1, T2, T3, T4"),
    ("sex", "male", "sex is 'male'; the levels are women, men"),
    ("dmfs_months", "-3", "dmfs_months is '-3', less than 0"),
    ("dmfs_months", "", "dmfs_months is empty"),
    ("dm_event", "2", "dm_event is '2'; write 1 for an event and 0 for none"),
    ("cet1_image", "images/none.nii.gz", "cet1_image is 'images/none.nii.gz', and there is no such file"),
    ("cet1_mask", "../x", "cet1_mask is '../x', which is outside of"),
    ("centre", "", "centre is empty"),
]


def plant_in_table(folder: Path) -> list[str]:
    patients = pd.read_csv(folder / "patients.csv", dtype=str)
    for row, (column, value, _) in enumerate(TABLE_FAULTS):
        patients.loc[row, column] = value
    patients.to_csv(folder / "patients.csv", index=False)
    return [told for _, _, told in TABLE_FAULTS]


def plant_in_images(folder: Path) -> list[str]:
    """Spoils the last patients, whom the table's faults leave alone."""
    _, empty, cut, lacking = sorted(pd.read_csv(folder / "patients.csv")["patient_id"])[-4:]
    outline = folder / "images" / empty / "t2_mask.nii.gz"
    image = sitk.ReadImage(outline)
    sitk.WriteImage(image * 0, outline)
    whole = folder / "images" / cut / "cet1_mask.nii.gz"
    whole.write_bytes(whole.read_bytes()[:100])
    (folder / "images" / lacking / "cet1" / "005.dcm").unlink()
    return [f"{outline} has an empty outline", f"{whole} is truncated", f"images/{lacking}/cet1 lacks a slice"]


def check_faults(ended: tuple[int, str, str], expected: list[str], as_json: bool) -> None:
    """Each fault is told, once, and no other."""
    code, output, _ = ended
    assert code == 2
    told = figures(output)["faults"] if as_json else output.split("Fault: ")[1:]
    assert len(told) == len(expected)
    for fault in expected:
        words = fault.replace(" ", "")  # for people, the width of the terminal breaks lines
        assert sum(words in "".join(said.split()) for said in told) == 1, fault


@pytest.mark.slow
@pytest.mark.parametrize("json_option", [["--json"], []], ids=["json", "people"])
def test_check_tells_every_fault_of_the_table(npc, folder, json_option):
    expected = plant_in_table(folder)
    ended = npc("cohort", "check", "cohort=table", f"cohort.root={folder}", *json_option)
    check_faults(ended, expected, bool(json_option))


@pytest.mark.slow
@pytest.mark.parametrize("json_option", [["--json"], []], ids=["json", "people"])
def test_check_tells_every_fault_of_the_images(npc, folder, json_option):
    expected = plant_in_images(folder)
    ended = npc("cohort", "check", "cohort=table", f"cohort.root={folder}", *json_option)
    check_faults(ended, expected, bool(json_option))


@pytest.mark.slow
def test_check_tells_faults_of_table_and_images_at_once(npc, folder):
    expected = plant_in_table(folder) + plant_in_images(folder)
    ended = npc("cohort", "check", "cohort=table", f"cohort.root={folder}", "--json")
    check_faults(ended, expected, as_json=True)


@pytest.mark.slow
def test_check_still_tells_figures_beside_faulty_images(npc, folder):
    plant_in_images(folder)
    _, output, _ = npc("cohort", "check", "cohort=table", f"cohort.root={folder}", "--json")
    told = figures(output)
    assert told["patients"] == 12
    assert sum(grid["images"] for grid in told["grids"]["cet1"]) == 10
    assert sum(grid["images"] for grid in told["grids"]["t2"]) == 11


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choices", "told"),
    [
        (["cohort=table"], "cohort.root is not set"),
        (["cohort=table", "cohort.root=nowhere"], "there is no folder nowhere"),
        (["cohort=table", "cohort.rot=x"], "Key 'rot' not in 'Cohort'"),
        (["cohort=phantom", "cohort.n=many"], "Value 'many' of type 'str' could not be converted to Integer"),
        (["cohort=phantom", "cohort.n=0", "cohort.matrix=1"], "cohort.matrix=1"),
        (["cohort"], "cohort"),
    ],
)
def test_check_tells_wrong_choices(npc, choices, told):
    code, output, error = npc("cohort", "check", *choices)
    assert code == 2
    assert "Traceback" not in error
    assert told in output + error


@pytest.mark.slow
def test_names_that_look_like_markup_are_printed_as_they_are(npc, folder):
    patients = pd.read_csv(folder / "patients.csv", dtype=str)
    patients["centre"] = patients["centre"].replace("hospital_2", "[red]h[/blue]")
    patients.to_csv(folder / "patients.csv", index=False)
    code, output, _ = npc("cohort", "check", "cohort=table", f"cohort.root={folder}")
    assert code == 0
    assert "[red]h[/blue]" in output


@pytest.mark.slow
def test_check_of_the_published_patients(npc, npc_data):
    code, output, _ = npc("cohort", "check", "cohort=sts", f"cohort.root={npc_data / 'sts'}", "--json")
    told = figures(output)
    assert (code, told["faults"]) == (0, [])
    assert told["patients"] == 39
    assert told["sequences"] == {"McGill": {"mr_t1": 39, "ct": 16}}
    assert {sequence: sum(grid["images"] for grid in grids) for sequence, grids in told["grids"].items()} == {
        "mr_t1": 39,
        "ct": 16,
    }
    assert np.isfinite(
        [told["centres"]["McGill"]["median_follow_up"], told["clinical"]["age"]["McGill"]["median"]]
    ).all()


# npc cohort agreement


@pytest.fixture(scope="module")
def outlined(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom with second outlines of cet1: eight by the first reader, five by another."""
    root = shutil.copytree(published, tmp_path_factory.mktemp("outlined") / "cohort")
    add_second_outlines(root, "cet1", again=8, another=5)
    return root


def agree(root: Path, *more: object) -> list:
    few = ["radiomics.features.filters=[original]", "radiomics.features.classes=[shape,firstorder]"]
    return ["cohort", "agreement", "cohort=table", f"cohort.root={root}", "cohort.name=ours", *few, *more]


@pytest.mark.slow
def test_agreement_writes_its_report(npc, outlined, tmp_path):
    code, output, told = npc(*agree(outlined, "--reports", tmp_path))
    assert (code, told) == (0, "")
    home = tmp_path / "ours-agreement"
    written = {str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()}
    assert written == {
        "results.json", "tables/overlap.csv", "tables/icc.csv",
        *(f"figures/{name}.{end}" for name in ("overlap", "icc_cet1", "outlines_cet1") for end in ("png", "svg")),
    }  # fmt: skip
    results = json.loads((home / "results.json").read_text())
    assert list(results["sequences"]) == ["cet1"]
    again, another = (results["sequences"]["cet1"][comparison] for comparison in ("intra", "inter"))
    assert (again["patients"], another["patients"]) == (8, 5)
    # moved by a pixel: as far away, as large, and lengths are the same
    sizes = pixels(outlined, "cet1", 8)
    found = [again["hd95_mm"][figure] for figure in ("min", "median", "max")]
    assert found == pytest.approx([sizes.min(), np.median(sizes), sizes.max()])
    assert again["area_difference_mm2"]["max"] == again["area_difference_mm2"]["min"] == 0
    assert again["icc"]["original_shape2D_MajorAxisLength"]["icc21"]["value"] == pytest.approx(1)
    assert another["area_difference"]["min"] > 0
    overlap = pd.read_csv(home / "tables" / "overlap.csv")
    dice = overlap.loc[overlap["comparison"] == "inter", "dice"]
    assert (another["dice"]["median"], another["dice"]["min"]) == pytest.approx((dice.median(), dice.min()))
    icc = pd.read_csv(home / "tables" / "icc.csv")
    for comparison, found in (("intra", again), ("inter", another)):
        rows = icc[(icc["comparison"] == comparison) & icc["not_estimable"].isna()]
        assert found["features"] == len(rows) == 27
        assert found["above"] == (rows["icc21"] > 0.75).sum() == 27 - len(found["below"])
        assert set(found["below"]) == set(rows.loc[rows["icc21"] <= 0.75, "feature"])
    assert f"{another['above']} ({another['share_above']:.0%})" in output
    assert f"written to {home}" in output


@pytest.mark.slow
def test_agreement_as_json_is_what_is_written(npc, folder, tmp_path):
    add_second_outlines(folder, "cet1", again=2, another=2)
    code, output, _ = npc(*agree(folder, "slices=three", "cohort.icc=0.9", "--reports", tmp_path, "--json"))
    assert code == 0
    results = json.loads(output)
    assert results == json.loads((tmp_path / "ours-agreement" / "results.json").read_text())
    assert (results["slices"], results["threshold"]) == ("three", 0.9)
    assert "original_shape_VoxelVolume" in results["sequences"]["cet1"]["inter"]["icc"]


@pytest.mark.slow
def test_agreement_of_one_patient_is_told_as_not_estimable(npc, folder, tmp_path):
    add_second_outlines(folder, "t2", again=1, another=0)
    code, output, told = npc(*agree(folder, "--reports", tmp_path))
    assert (code, told) == (0, "")
    assert "t2, same reader again: not estimable, fewer than 2 patients: all features" in output
    results = json.loads((tmp_path / "ours-agreement" / "results.json").read_text())
    found = results["sequences"]["t2"]["intra"]
    assert (found["features"], found["share_above"], len(found["not_estimable"])) == (0, None, 27)


def test_agreement_needs_second_outlines(npc, published, tmp_path):
    code, output, told = npc(*agree(published, "--reports", tmp_path))
    assert (code, output) == (2, "")
    one_message(told)
    assert "no patient has a second outline" in told
    assert "cet1_mask_reader1b" in told
    assert not list(tmp_path.iterdir())


def test_agreement_tells_the_faults_of_all_outlines(npc, folder, tmp_path):
    add_second_outlines(folder, "cet1", again=3, another=0)
    (folder / "reader1b_cet1_0.nii.gz").write_bytes(b"")
    empty = sitk.ReadImage(folder / "reader1b_cet1_2.nii.gz") * 0
    sitk.WriteImage(empty, folder / "reader1b_cet1_2.nii.gz")
    code, _, told = npc(*agree(folder, "--reports", tmp_path))
    assert code == 2
    one_message(told)
    assert "reader1b_cet1_0.nii.gz is empty" in told
    assert "reader1b_cet1_2.nii.gz has an empty outline" in told


def test_agreement_refuses_values_that_cannot_be(npc, outlined, tmp_path):
    code, _, told = npc(*agree(outlined, "slices=four", "cohort.icc=75", "--reports", tmp_path))
    assert code == 2
    one_message(told)
    assert "slices=four: must be one of max, three" in told
    assert "cohort.icc=75" in told
