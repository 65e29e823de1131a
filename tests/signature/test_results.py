"""The run folder of a training: complete, true to the data, and the same for the same choices."""

import hashlib
import json
import math
import re

import pandas as pd
import pytest
import torch
from omegaconf import OmegaConf
from sklearn.metrics import roc_auc_score

from npc.cohort.load import load
from npc.config import key
from npc.imaging.store import open_store
from npc.signature.method import stored
from npc.signature.module import SignatureModule
from tests.signature.tiny_runs import FILES


def test_the_folder_is_named_by_the_choices(default_config, default_run):
    assert default_run.path.parts[-3:-1] == ("phantom", "cet1-max")
    assert re.fullmatch("[0-9a-f]{12}", default_run.path.name)
    written = OmegaConf.load(default_run.path / "config.yaml")
    assert key.run_key(written) == default_run.path.name
    assert OmegaConf.to_container(written) == OmegaConf.to_container(default_config, resolve=True)


def test_the_folder_holds_the_files_of_a_run_and_no_leftovers(default_run):
    names = {path.name for path in default_run.path.iterdir()}
    assert names == FILES | {"csv"}
    assert not [path for path in default_run.path.rglob("*") if path.suffix in (".tmp", ".part")]


def test_done_is_written_last(default_run):
    times = {path: path.stat().st_mtime_ns for path in default_run.path.rglob("*") if path.is_file()}
    assert times.pop(default_run.path / "DONE") >= max(times.values())


def test_predictions_hold_every_patient_of_the_cohort_once(default_run, shared):
    lines = (default_run.path / "predictions.csv").read_text().splitlines()
    assert lines[0] == "patient_id,split,label,time,event,risk"
    assert len(lines) == 61
    predictions = default_run.predictions
    assert predictions.index.is_unique
    cohort = pd.read_csv(shared.table / "patients.csv", dtype={"patient_id": str}).set_index("patient_id")
    cohort = cohort.loc[predictions.index]
    assert len(cohort) == 60
    assert (predictions["label"] == cohort["dm_event"]).all()
    assert (predictions["event"] == cohort["dm_event"]).all()
    assert (predictions["time"] == cohort["dmfs_months"]).all()
    assert predictions["risk"].between(0, 1).all()


def test_splits_are_those_of_the_predictions(default_run, shared):
    splits = pd.read_csv(default_run.path / "splits.csv", dtype=str).set_index("patient_id")["split"]
    assert splits.sort_index().equals(default_run.predictions["split"].sort_index())
    assert splits.value_counts().to_dict() == {"train": 36, "validation": 12, "test": 12}
    centres = pd.read_csv(shared.table / "patients.csv", dtype=str).set_index("patient_id")["centre"]
    assert set(centres[splits.index[splits == "test"]]) == {"hospital_2"}
    assert set(centres[splits.index[splits != "test"]]) == {"hospital_1"}


def test_the_model_gives_the_risks_that_are_written(default_config, default_run):
    """To the last digit: nothing is lost in the file."""
    saved = torch.load(default_run.model, weights_only=True)
    assert saved["hyper_parameters"]["channels"] == 1
    module = SignatureModule(**saved["hyper_parameters"])
    module.load_state_dict(saved["state_dict"])
    module.eval()
    cohort = load(default_config.cohort, default_config.endpoint, ["cet1"])
    store = open_store(*stored(default_config, cohort, "cet1"))
    torch.set_num_threads(default_config.trainer.threads)
    for _, rows in default_run.predictions.groupby("split"):
        planes = store.array[[store.rows[patient] for patient in rows.index], 1]
        x = torch.from_numpy(planes).float()[:, None, None] / 255
        with torch.no_grad():
            parts = math.ceil(len(x) / 32)  # as even as can be: a sum's rounding goes by the size of the batch
            risk = torch.cat([module(part) for part in x.split(math.ceil(len(x) / parts))])
        assert risk.tolist() == rows["risk"].tolist()


def test_metrics_are_those_of_the_predictions(default_run):
    metrics = json.loads((default_run.path / "metrics.json").read_text())
    for split, rows in default_run.predictions.groupby("split"):
        assert metrics["n"][split] == len(rows)
        assert metrics["events"][split] == rows["event"].sum()
        assert metrics["auc"][split] == pytest.approx(roc_auc_score(rows["event"], rows["risk"]), rel=1e-12)
        assert 0 <= metrics["oracle"][split]["image"] <= 1


def test_the_epoch_that_is_kept_is_the_best_one(default_run):
    epochs = default_run.epochs
    best = max(epochs.index, key=lambda epoch: (epochs["val_auc"][epoch], -epochs["val_loss"][epoch]))
    metrics = json.loads((default_run.path / "metrics.json").read_text())
    assert (metrics["best_epoch"], metrics["epochs"]) == (best + 1, 4)
    assert metrics["auc"]["validation"] == pytest.approx(epochs["val_auc"][best], abs=1e-6)


def test_environment_names_what_the_run_was_made_with(default_run):
    environment = json.loads((default_run.path / "environment.json").read_text())
    lines = "".join(f"{patient},{split}\n" for patient, split in sorted(default_run.predictions["split"].items()))
    assert environment["data"]["split"] == hashlib.sha256(lines.encode()).hexdigest()
    assert re.fullmatch("[0-9a-f]{64}", environment["data"]["store_cet1"])
    assert environment["packages"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"git_commit", "git_dirty", "python", "npc"} <= set(environment)


def test_the_log_has_a_line_for_each_epoch(default_run):
    log = (default_run.path / "train.log").read_text()
    assert re.findall(r"epoch +(\d)/4 ", log) == ["1", "2", "3", "4"]


@pytest.mark.slow
def test_the_same_choices_give_the_same_bytes_in_another_folder_from_another_store(default_run, trained, tmp_path):
    again = trained(f"store={tmp_path / 'store'}", f"runs={tmp_path / 'elsewhere'}", "trainer.workers=1")
    assert again.path.name == default_run.path.name
    assert again.path != default_run.path
    for name in ("predictions.csv", "metrics.json", "splits.csv"):
        assert (again.path / name).read_bytes() == (default_run.path / name).read_bytes(), name
    data = [json.loads((run.path / "environment.json").read_text())["data"] for run in (default_run, again)]
    assert data[0] == data[1]


@pytest.mark.slow
def test_seed_0_is_used_as_a_seed(default_run, trained):
    """The default's first weights do not depend on what ran before."""
    torch.manual_seed(123)
    assert trained("seed=0").predictions.equals(default_run.predictions)
