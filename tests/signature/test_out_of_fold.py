"""Out-of-fold risks: every training patient once, from a network that was not trained on them."""

from pathlib import Path

import pandas as pd
import pytest

from tests.commands import run_here


@pytest.fixture(scope="module")
def folded(shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny run with two folds."""
    home = tmp_path_factory.mktemp("folds")
    done = run_here("train.py", "experiment=tiny", "folds=2", "trainer.max_epochs=1", f"runs={home}/runs",
                    f"store={shared.store}", f"cohort.root={shared.phantom}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (finished,) = (home / "runs").glob("*/*/*/DONE")
    return finished.parent


def test_every_training_patient_has_one_risk_from_another_network(folded):
    table = pd.read_csv(folded / "out_of_fold.csv").set_index("patient_id")
    predictions = pd.read_csv(folded / "predictions.csv").set_index("patient_id")
    training = predictions[predictions["split"] == "train"]
    assert list(table.index) == sorted(training.index)
    assert set(table["fold"]) == {1, 2}
    for fold in (1, 2):  # stratified: both folds have events
        assert training.loc[table.index[table["fold"] == fold], "label"].nunique() == 2
    assert (table["risk"] != training.loc[table.index, "risk"]).all()
    assert not list(folded.glob("folds-*"))


@pytest.mark.slow
def test_refit_uses_the_choices_of_a_run_and_keeps_its_predictions(folded):
    before = (folded / "predictions.csv").read_bytes()
    done = run_here("train.py", f"refit={folded}", "folds=3")
    assert done.returncode == 0, done.stderr
    assert "is complete" in done.stdout
    assert set(pd.read_csv(folded / "out_of_fold.csv")["fold"]) == {1, 2, 3}
    assert (folded / "predictions.csv").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("refit=nowhere folds=2", "there is no finished run"),
        ("folds=1", "folds=1: must be 0, or 2 and more"),
        ("experiment=tiny cohort.n=14 cohort.external=4 split.validation=0.3 folds=9", "of one class"),
    ],
)
def test_invalid_choices_are_reported(choice, message, shared, tmp_path):
    places = [f"runs={tmp_path}/runs", f"store={shared.store}", f"cohort.root={shared.phantom}"]
    done = run_here("train.py", *choice.split(), "trainer.max_epochs=1", *places)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stderr
