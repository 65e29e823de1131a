"""What changed patients and images change: nothing that they may not, and a finished run of others is refused."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from npc.config import key
from npc.errors import InputError
from npc.signature.endpoints import hazard_cuts
from tests.signature.changes import change, own, replace_images, weighted
from tests.signature.tiny_runs import FinishedRun


@pytest.fixture
def finished(before, cohort, tiny):
    """The same run in the test's own folder, as that of the cohort which the test may change."""
    path = key.run_folder(tiny(*weighted(cohort)))
    shutil.copytree(before.path, path)
    return FinishedRun(path)


def test_a_finished_run_of_other_patients_is_refused(trained, cohort, finished):
    predictions = (finished.path / "predictions.csv").read_bytes()
    change(cohort, finished.predictions["split"] == "test")
    with pytest.raises(InputError, match=r"cohort\.name=.*force=true"):
        trained(*weighted(cohort))
    assert (finished.path / "predictions.csv").read_bytes() == predictions


@pytest.mark.slow
def test_a_finished_run_of_other_images_is_refused(trained, cohort, finished):
    before = finished.predictions
    first = {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")}
    replace_images(cohort, "cet1")
    with pytest.raises(InputError, match=r"images.*cohort\.name=.*force=true") as caught:
        trained(*weighted(cohort))
    assert str(finished.path) in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")} == first
    replaced = trained(*weighted(cohort), "force=true").predictions
    assert replaced.drop(columns="risk").equals(before.drop(columns="risk"))
    assert not replaced["risk"].equals(before["risk"])


def test_images_that_a_finished_run_has_not_read_may_change(trained, cohort, finished, capsys):
    first = {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")}
    replace_images(cohort, "t2")
    trained(*weighted(cohort))
    assert "is complete" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")} == first


def after(trained, cohort, before, split):
    """The same run after the patients of a split were changed."""
    change(cohort, before.predictions["split"] == split)
    return trained(*weighted(cohort))


def test_a_fault_in_the_table_of_a_finished_run_is_reported(trained, cohort, finished):
    path = cohort / "patients.csv"
    table = pd.read_csv(path, dtype=str)
    table.assign(dm_event=table["dm_event"].where(table["patient_id"] != "H1-0001", "2")).to_csv(path, index=False)
    with pytest.raises(InputError, match="dm_event is '2'; write 1 for an event"):
        trained(*weighted(cohort))
    table.to_csv(path, index=False)
    trained(*weighted(cohort))
    (cohort / table.set_index("patient_id").loc["H1-0001", "cet1_mask"]).unlink()
    with pytest.raises(InputError, match=r"cet1_mask is .*there is no such file"):
        trained(*weighted(cohort))


@pytest.mark.slow
def test_the_model_does_not_depend_on_the_test_patients(trained, cohort, before):
    changed = after(trained, cohort, before, "test")
    weights = changed.weights
    for name, value in before.weights.items():
        assert torch.equal(weights[name], value), name
    assert changed.epochs.equals(before.epochs)
    seen = before.predictions["split"] != "test"
    assert changed.predictions[seen].equals(before.predictions[seen])
    # and the patients were in fact changed
    assert not (changed.predictions["event"] == before.predictions["event"])[~seen].any()
    assert not (changed.predictions["risk"] == before.predictions["risk"])[~seen].any()


@pytest.mark.slow
def test_validation_patients_choose_the_epoch_and_nothing_else(trained, cohort, before):
    changed = after(trained, cohort, before, "validation")
    assert (changed.epochs["train_loss"] == before.epochs["train_loss"]).all()
    assert (changed.epochs["val_loss"] != before.epochs["val_loss"]).all()


@pytest.mark.slow
def test_the_model_depends_on_the_training_patients(trained, cohort, before):
    """The two tests above would detect such a dependence."""
    changed = after(trained, cohort, before, "train")
    assert not (changed.predictions["risk"] == before.predictions["risk"]).any()


@pytest.mark.slow
def test_the_order_of_the_rows_does_not_matter(trained, cohort, before):
    path = cohort / "patients.csv"
    pd.read_csv(path, dtype=str)[::-1].to_csv(path, index=False)
    reversed_rows = trained(*weighted(cohort))
    written = [(run.path / "predictions.csv").read_bytes() for run in (before, reversed_rows)]
    assert written[0] == written[1]


@pytest.mark.slow
def test_cuts_of_the_hazards_come_from_the_training_patients_alone(trained, cohort):
    hazard = ("endpoint=hazard", "augment=none", "trainer.max_epochs=1")

    def cuts(run) -> list[float]:
        return torch.load(run.model, weights_only=True)["hyper_parameters"]["endpoint"]["cuts"]

    def later(split: str) -> None:
        """The patients of a split get one another's months, and all later."""
        path = cohort / "patients.csv"
        table = pd.read_csv(path, dtype=str).set_index("patient_id")
        who = splits.index[splits == split]
        table.loc[who, "dmfs_months"] = (np.roll(table.loc[who, "dmfs_months"].astype(float), 1) * 2 + 50).astype(str)
        table.drop(columns=["os_months", "os_event"], errors="ignore").reset_index().to_csv(path, index=False)

    before = trained(*own(cohort, "before"), *hazard)
    seen = before.predictions
    splits = seen["split"]
    training = seen[splits == "train"]
    assert cuts(before) == list(hazard_cuts(training["time"], training["event"], 5))
    assert len(cuts(before)) == 5
    assert cuts(before) != list(
        hazard_cuts(seen["time"], seen["event"], 5)
    )  # so cuts of all patients would be detected

    later("test")
    changed = trained(*own(cohort, "test"), *hazard)
    assert cuts(changed) == cuts(before)
    for name, value in before.weights.items():
        assert torch.equal(changed.weights[name], value), name
    assert changed.predictions.drop(columns="time").equals(seen.drop(columns="time"))
    assert (changed.predictions["time"] != seen["time"]).equals(splits == "test")

    later("validation")
    changed = trained(*own(cohort, "validation"), *hazard)
    assert cuts(changed) == cuts(before)
    assert (changed.epochs["train_loss"] == before.epochs["train_loss"]).all()

    later("train")
    changed = trained(*own(cohort, "train"), *hazard)
    assert cuts(changed) != cuts(before)
    assert not (changed.predictions["risk"] == seen["risk"]).any()
