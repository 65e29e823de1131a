"""The phantom: published marginals, a truth that holds, and files that are always the same."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from npc.cohort.load import load
from npc.cohort.split import split
from npc.config.loading import compose
from npc.errors import InputError
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import network_input
from npc.phantom import source as phantom
from npc.phantom.options import Options
from npc.phantom.scanners import draw_acquisition
from tests.phantom.draws import draw
from tests.scans import read_scan

SMALL = {"seed": 3, "n": 10, "external": 3, "matrix": 32, "readers": 2}
PHILIPS_SLICES = 14  # of 5 mm, 1 mm apart
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom of ten patients, not to be changed."""
    folder = tmp_path_factory.mktemp("phantom") / "small"
    phantom.write(folder, **SMALL)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


# Size and files


def test_the_default_splits_as_published():
    assert Options.of({}).sizes == (188, 45)
    assert Options.of({"n": 2330}).sizes == (1880, 450)
    patients = pd.concat([draw(0, 188), draw(1, 45)]).set_index("patient_id")
    choices = compose([])
    assert (choices.cohort.n, choices.cohort.external) == (233, None)
    splits = split(patients, "dm_event", **choices.split)
    assert splits.value_counts().to_dict() == {"train": 169, "validation": 19, "test": 45}
    assert set(patients.loc[splits[splits == "test"].index, "centre"]) == {"hospital_2"}


def test_hospital_1_is_nifti_and_hospital_2_dicom(small):
    patients = pd.read_csv(small / "patients.csv", index_col="patient_id")
    assert patients["centre"].value_counts().to_dict() == {"hospital_1": 7, "hospital_2": 3}
    for _, row in patients.iterrows():
        for sequence in ("cet1", "t2"):
            image, outline = small / row[f"{sequence}_image"], small / row[f"{sequence}_mask"]
            assert outline.name.endswith(".nii.gz")
            if row["centre"] == "hospital_1":
                assert image.name.endswith(".nii.gz")
                assert image.is_file()
            else:
                assert len(list(image.glob("*.dcm"))) == PHILIPS_SLICES


def test_the_phantom_is_a_valid_cohort_folder(small):
    choices = compose(["cohort=table", f"cohort.root={small}"])
    cohort = load(choices.cohort, choices.endpoint, ["cet1", "t2"])
    assert len(cohort.patients) == 10
    assert cohort.exclusions.empty
    clinical = cohort.patients[list(choices.cohort.clinical)]
    assert clinical.notna().all(axis=None)
    truth = pd.read_csv(small / "truth.csv")
    assert sorted(truth["patient_id"]) == list(cohort.patients.index)
    np.testing.assert_allclose(truth["linear_predictor"], truth["image_part"] + truth["clinical_part"])


def test_every_study_can_be_read_and_shows_a_tumour(small):
    for _, row in pd.read_csv(small / "patients.csv").iterrows():
        hospital, number = int(row["centre"][-1]) - 1, int(row["patient_id"][-4:]) - 1
        acquisition = draw_acquisition(hospital, number, SMALL["seed"])
        pixel = acquisition.field_of_view / 32
        for sequence in ("cet1", "t2"):
            scan = read_scan(small / row[f"{sequence}_image"], small / row[f"{sequence}_mask"])
            assert scan.image.shape == acquisition.grid(32).shape
            assert scan.spacing == pytest.approx((acquisition.scanner.thickness + 1, pixel, pixel))
            assert scan.image.shape[0] * scan.spacing[0] >= 80  # mm
            rows, columns = np.nonzero(scan.mask.any(axis=0))
            assert np.hypot(rows.mean() - 15.5, columns.mean() - 15.5) * pixel < 20  # mm off the middle
            # soft tissue, tumour and air in the grey levels of the patient's scanner
            scale = acquisition.scanner.scale
            assert 0.6 < scan.image[scan.mask].mean() / scale < 1.2
            assert scan.image[:, :2, :2].mean() / scale < 0.15
            slices, _ = network_input(scan.image, scan.mask, Preprocess(32))
            assert len(np.unique(slices[1])) > 5


def test_the_same_options_give_the_same_bytes(small, tmp_path):
    phantom.write(tmp_path / "again", **SMALL)
    again = hashes(tmp_path / "again")
    assert again == hashes(small)
    assert len(again) == 7 * 2 * 3 + 2 * 2 * 2 + 3 * 2 * (PHILIPS_SLICES + 1) + 3


def test_an_option_that_was_added_later_changes_no_phantom_at_its_default():
    before = {"recipe", "seed", "n", "external", "matrix", "signal", "signal_in", "treatment", "interaction"}
    before |= {"confounding", "competing", "readers", "dice_reader1b", "dice_reader2", "dates"}
    assert set(json.loads(phantom._description(Options.of({})))) == before
    assert json.loads(phantom._description(Options.of({"indication": "clinical"})))["indication"] == "clinical"


def test_patients_without_t2_are_else_the_same(small, tmp_path):
    phantom.write(tmp_path / "some", **SMALL, without_t2=0.5)
    table = pd.read_csv(tmp_path / "some" / "patients.csv", index_col="patient_id")
    lack = table["t2_image"].isna()
    assert 0 < lack.sum() < len(table)
    assert table.loc[lack, ["t2_mask", "t2_mask_reader2"]].isna().all(axis=None)
    before, now = hashes(small), hashes(tmp_path / "some")
    gone = {name for name in before if name.startswith(tuple(f"images/{p}/t2" for p in table.index[lack]))}
    tables = {"patients.csv", "phantom.json"}
    assert {name: of for name, of in before.items() if name not in gone | tables} == {
        name: of for name, of in now.items() if name not in tables
    }


def test_another_seed_gives_other_patients_and_images(small, tmp_path):
    phantom.write(tmp_path / "other", **(SMALL | {"seed": 4}))
    one, two = hashes(small), hashes(tmp_path / "other")
    shared = [name for name in one if "reader" not in name]  # other patients are outlined again
    assert shared == [name for name in two if "reader" not in name]
    assert not [name for name in shared if one[name] == two[name]]


@pytest.mark.slow
def test_a_larger_phantom_begins_with_the_same_patients(small, tmp_path):
    phantom.write(tmp_path / "larger", **(SMALL | {"n": 13, "external": 4}))
    for name in ("patients.csv", "truth.csv"):
        tables = [pd.read_csv(folder / name, index_col=0) for folder in (small, tmp_path / "larger")]
        if name == "patients.csv":  # fewer patients to draw the readers' from
            tables = [table.drop(columns=[c for c in table if "reader" in c]) for table in tables]
        pd.testing.assert_frame_equal(tables[1].loc[tables[0].index], tables[0])
    larger = hashes(tmp_path / "larger")
    images = {
        name: value for name, value in hashes(small).items() if name.startswith("images/") and "reader" not in name
    }
    assert larger.items() >= images.items()
    assert len(larger) > len(images) + 3


def test_the_printed_figures_are_those_of_the_folder(small):
    patients = pd.read_csv(small / "patients.csv")
    summary = phantom.summary(small)
    assert list(summary) == ["hospital_1", "hospital_2"]
    for centre, rows in patients.groupby("centre"):
        assert summary[centre]["patients"] == len(rows)
        assert summary[centre]["events"] == rows["dm_event"].sum()
        assert summary[centre]["mean_months"] == pytest.approx(rows["dmfs_months"].mean())
        assert {"oracle_cet1", "oracle_t2", "oracle_all"} <= summary[centre].keys()


# What is wrong or goes wrong


def test_every_option_out_of_range_is_reported_with_its_key(tmp_path):
    bad = {"seed": -1, "n": 1, "external": 1, "matrix": 8, "signal": 1.5, "treatment": 0.0, "interaction": 3.0}
    bad |= {"confounding": 1.1, "competing": -0.1, "readers": -1, "dice_reader1b": 0.4, "dice_reader2": 1.01}
    with pytest.raises(InputError) as caught:
        phantom.write(tmp_path / "phantom", **bad)
    assert [fault.split(":")[0] for fault in caught.value.faults] == [f"cohort.{k}={v}" for k, v in bad.items()]
    more = [("external", 4), ("external", -1), ("signal", -0.1), ("matrix", 2000), ("competing", float("inf"))]
    for key, value in [*bad.items(), *more, ("signal", float("nan"))]:
        if (key, value) != ("external", 1):
            with pytest.raises(InputError, match=rf"cohort\.{key}={value}: .*must|cohort\.n=1: a phantom needs"):
                phantom.read(tmp_path, ["cet1"], **({"n": 4, "external": 1, "matrix": 32} | {key: value}))
    with pytest.raises(InputError, match=r"cohort\.colour=1: no such option; the phantom has seed, n, "):
        phantom.read(tmp_path, ["cet1"], colour=1)
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_not_changed(small):
    before = hashes(small)
    with pytest.raises(InputError, match=f"{small}: exists already; remove it or name another folder"):
        phantom.write(small, **SMALL)
    assert hashes(small) == before


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_an_interrupted_write_leaves_no_cohort(tmp_path, how):
    folder = tmp_path / "phantom"
    code = "import sys; from npc.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        code,
        "cohort",
        "phantom",
        str(folder),
        "--n",
        "400",
        "--matrix",
        "32",
        "--readers",
        "0",
    ]
    # Ctrl-C must reach the workers too; a kill needs no workers, so that case runs without them, which saves time
    environment = os.environ | {"LOKY_MAX_CPU_COUNT": "1" if how == signal.SIGKILL else "2"}
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 600
    while len(list(tmp_path.glob(".phantom.part*/images/*"))) < 5:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, how)
    _, error = process.communicate(timeout=600)
    assert not folder.exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "Traceback" not in error
        assert not list(tmp_path.iterdir())
    phantom.write(folder, **(SMALL | {"n": 4, "external": 1}))
    assert (folder / "patients.csv").exists()


@pytest.mark.slow
def test_two_processes_that_need_the_same_phantom_both_get_it(tmp_path):
    code = """
import sys
from pathlib import Path
from npc.phantom import source as phantom
table, folder = phantom.read(Path(sys.argv[1]), ["cet1"], seed=3, n=10, external=3, matrix=32)
print(len(table), folder)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=600) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    found = {output.splitlines()[-1] for output, _ in outputs}
    assert len(found) == 1
    count, folder = found.pop().split(" ", 1)
    assert count == "10"
    assert [entry for entry in tmp_path.iterdir() if entry.is_dir()] == [Path(folder)]


@pytest.mark.slow
def test_the_phantom_of_the_config_is_built_once_and_as_written(small, tmp_path):
    choices = compose([f"cohort.root={tmp_path}", *(f"cohort.{key}={value}" for key, value in SMALL.items())])
    cohort = load(choices.cohort, choices.endpoint, ["cet1"])
    assert hashes(cohort.root) == hashes(small)
    (cohort.root / "marker").touch()  # a second use does not build it anew
    again = load(choices.cohort, choices.endpoint, ["cet1"])
    assert (again.root / "marker").exists()
    pd.testing.assert_frame_equal(again.patients, cohort.patients)
