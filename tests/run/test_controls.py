"""`controls=true` and `permutations=N`: what a run of either method gains, and that nothing else of it changes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from npc.names import CONTROLS
from npc.run.controls import permuted
from tests.commands import run_here
from tests.prognosis.run_folders import population

pytestmark = pytest.mark.slow  # each needs a run and its controls

FILES = [f"{control}.csv" for control in CONTROLS]
TINY = ("experiment=tiny", "trainer.max_epochs=1", "split.validation=0.25")
FEW = (
    "method=radiomic", "radiomics.features.filters=[original]", "radiomics.features.classes=[shape,firstorder]",
    "radiomics.bootstrap=4", "radiomics.nested=2", "cohort.n=40", "cohort.external=8",
)  # fmt: skip


def train(home: Path, runs: Path, *more: str) -> tuple[Path, str]:
    """The folder of a tiny run, and what was printed."""
    done = run_here("train.py", *TINY, f"cohort.root={home}/phantoms", f"store={home}/store", f"runs={runs}", *more)
    assert done.returncode == 0, done.stderr
    (finished,) = runs.glob("*/*/*/DONE")
    return finished.parent, done.stdout + done.stderr


def controls_of(run: Path) -> dict[str, bytes]:
    return {name: (run / "controls" / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def plain(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without controls."""
    return train(home, tmp_path_factory.mktemp("plain"))[0]


@pytest.fixture(scope="module")
def made(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The same run with controls and one permutation."""
    return train(home, tmp_path_factory.mktemp("controls"), "controls=true", "permutations=1")


def test_a_run_has_a_prediction_of_each_control(made):
    run, printed = made
    predictions = pd.read_csv(run / "predictions.csv")
    for number, control in enumerate(CONTROLS, start=1):
        table = pd.read_csv(run / "controls" / f"{control}.csv")
        assert list(table) == ["patient_id", "split", "risk"]
        assert table["patient_id"].equals(predictions["patient_id"])
        assert table["split"].equals(predictions["split"])
        assert (table["risk"] != predictions["risk"]).all()
        assert f"control {control} ({number} of 3)" in printed
        assert not list(run.glob("controls/**/*.ckpt"))


def test_nothing_else_of_the_run_changes(plain, made):
    run, _ = made
    assert run.name == plain.name
    for name in ("predictions.csv", "splits.csv", "outlines.csv", "exclusions.csv"):
        assert (run / name).read_bytes() == (plain / name).read_bytes()
    before, after = (json.loads((of / "environment.json").read_text())["data"] for of in (plain, run))
    assert before == after


def test_a_finished_run_gets_the_same_controls_and_only_those_that_it_lacks(plain, made, tmp_path):
    run = tmp_path / "runs" / "/".join(plain.parts[-3:])
    shutil.copytree(plain, run)
    for number in range(1, 4):
        done = run_here("train.py", f"refit={run}", "controls=true")
        assert done.returncode == 0, done.stderr
        assert ("control shape" in done.stderr) == (number == 1)
        assert ("control shuffled (2 of 3)" in done.stderr) == (number != 2)
        assert controls_of(run) == controls_of(made[0])
        if number == 2:
            (run / "controls" / "shuffled.csv").unlink()
    assert (run / "predictions.csv").read_bytes() == (plain / "predictions.csv").read_bytes()


def test_permuted_outcomes_are_judged_by_the_true_ones_of_the_test_cohort(made):
    run, printed = made
    table = pd.read_csv(run / "controls" / "outcomes.csv")
    assert list(table) == ["permutation", "split", "auc"]
    assert table[["permutation", "split"]].to_numpy().tolist() == [[1, "test"], [1, "validation"]]
    assert table["auc"].between(0, 1).all()
    assert "permuted outcomes 1 of 1" in printed
    assert not (run / "controls" / "outcomes").exists()


def test_outcomes_move_as_a_whole_within_their_cohort():
    patients = population().assign(time=lambda rows: np.arange(len(rows), dtype=float))
    found = permuted(patients, 0, 1)
    outcome = ["label", "time", "event"]
    assert found["split"].equals(patients["split"])
    for split, rows in found.groupby("split"):
        before = patients[patients["split"] == split]
        assert sorted(map(tuple, rows[outcome].to_numpy())) == sorted(map(tuple, before[outcome].to_numpy()))
        assert rows[outcome].equals(before[outcome]) == (split == "test")
    turned = permuted(patients[::-1], 0, 1).loc[patients.index]
    pd.testing.assert_frame_equal(turned, found)
    assert not permuted(patients, 0, 2).equals(found)


def test_a_radiomic_run_has_the_same_controls(home, tmp_path):
    run, _ = train(home, tmp_path / "runs", *FEW, "controls=true", "permutations=2")
    shape = pd.read_csv(run / "controls" / "shape" / "selection.csv")["feature"]
    assert shape.str.startswith("cet1_original_shape").all()
    features = pd.read_csv(run / "selection.csv")["feature"]
    assert set(pd.read_csv(run / "controls" / "shuffled" / "selection.csv")["feature"]) == set(features)
    predictions = pd.read_csv(run / "predictions.csv")
    for control in CONTROLS:
        assert pd.read_csv(run / "controls" / f"{control}.csv")["patient_id"].equals(predictions["patient_id"])
        assert (
            len(pd.read_csv(run / "controls" / control / "out_of_fold.csv")) == (predictions["split"] == "train").sum()
        )
    assert len(pd.read_csv(run / "controls" / "outcomes.csv")) == 4
    _, again = train(home, tmp_path / "runs", *FEW, "controls=true", "permutations=2")
    assert "control shape" not in again
    assert "permuted outcomes" not in again


def test_an_ensemble_has_the_same_controls(home, tmp_path):
    run, _ = train(home, tmp_path / "runs", "method=ensemble", "ensemble.folds=2", "controls=true")
    training = pd.read_csv(run / "predictions.csv").query("split == 'train'")["patient_id"]
    for control in CONTROLS:
        assert (run / "controls" / f"{control}.csv").exists()
        assert set(pd.read_csv(run / "controls" / control / "out_of_fold.csv")["patient_id"]) == set(training)
    assert not list(run.glob("controls/**/*.ckpt"))


def test_several_processes_are_refused_before_any_training(home, tmp_path):
    done = run_here("train.py", *TINY, "trainer=ddp", "controls=true", f"runs={tmp_path}", f"store={home}/store",
                    f"cohort.root={home}/phantoms")  # fmt: skip
    assert done.returncode == 2
    assert "refit=" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*/*/*"))


@pytest.mark.parametrize("permutations", ["-1", "many"])
def test_a_number_of_permutations_that_cannot_be(permutations):
    done = run_here("train.py", *TINY, f"permutations={permutations}")
    assert done.returncode == 2
    assert "permutations" in done.stderr
