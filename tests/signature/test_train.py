"""The run folder of a training, what its name depends on, what it may not depend on, and how it resumes."""

import hashlib
import json
import math
import os
import re
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch
from filelock import FileLock
from omegaconf import DictConfig, OmegaConf
from sklearn.metrics import roc_auc_score

from npc.cohort.load import load
from npc.config import key
from npc.config.loading import compose
from npc.config.values import run_sequences
from npc.errors import InputError
from npc.imaging.store import open_store
from npc.run import folder as run_folder
from npc.run.train import train
from npc.signature.endpoints import hazard_cuts
from npc.signature.method import stored
from npc.signature.module import SignatureModule
from tests.commands import ROOT

FILES = {
    "config.yaml", "predictions.csv", "metrics.json", "model.ckpt", "train.log", "environment.json", "DONE",
    "splits.csv", "exclusions.csv", "outlines.csv",
}  # fmt: skip


@pytest.fixture
def cohort(shared, default_run, tmp_path):
    """A copy of the phantom as a cohort folder that a test may change."""
    folder = tmp_path / "cohort"
    shutil.copytree(shared.table, folder, copy_function=os.link)
    table = folder / "patients.csv"
    table.unlink()  # the link, not the phantom's file
    shutil.copyfile(shared.table / "patients.csv", table)
    return folder


def own(folder: Path, name: str = "ours") -> list[str]:
    """The choices of the tiny experiment, which is for a phantom, for a cohort folder."""
    cohort = ["cohort=table", f"cohort.root={folder}", f"cohort.name={name}", "cohort.size=32"]
    return [*cohort, "network=tiny", "optimizer.lr=0.01", "trainer.max_epochs=4"]


def change(folder: Path, chosen: pd.Series) -> None:
    """Gives the chosen patients one another's images, the other outcome and other times."""
    path = folder / "patients.csv"
    table = pd.read_csv(path, dtype=str).set_index("patient_id")
    who = table.index[table.index.isin(chosen.index[chosen])]
    assert len(who) > 2
    images = ["cet1_image", "cet1_mask", "t2_image", "t2_mask"]
    table.loc[who, images] = table.loc[np.roll(who, 1), images].to_numpy()
    table.loc[who, "dm_event"] = (1 - table.loc[who, "dm_event"].astype(int)).astype(str)
    table.loc[who, "dmfs_months"] = (table.loc[who, "dmfs_months"].astype(float) / 2 + 1).astype(str)
    table.reset_index().to_csv(path, index=False)


# --- the run folder ---------------------------------------------------------------------------------------------------


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
    from npc.imaging.preprocess import Preprocess

    saved = torch.load(default_run.model, weights_only=True)
    assert saved["hyper_parameters"]["channels"] == 1
    module = SignatureModule(**saved["hyper_parameters"])
    module.load_state_dict(saved["state_dict"])
    module.eval()
    cohort = load(default_config.cohort, default_config.endpoint, ["cet1"])
    store = open_store(default_config.store, cohort, "cet1", Preprocess(**default_config.preprocess))
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


# --- the same choices -------------------------------------------------------------------------------------------------


def test_the_same_choices_give_the_same_bytes_in_another_folder_from_another_store(default_run, trained, tmp_path):
    again = trained(f"store={tmp_path / 'store'}", f"runs={tmp_path / 'elsewhere'}", "trainer.workers=1")
    assert again.path.name == default_run.path.name
    assert again.path != default_run.path
    for name in ("predictions.csv", "metrics.json", "splits.csv"):
        assert (again.path / name).read_bytes() == (default_run.path / name).read_bytes(), name
    data = [json.loads((run.path / "environment.json").read_text())["data"] for run in (default_run, again)]
    assert data[0] == data[1]


def test_a_finished_run_is_not_run_again_unless_forced(trained, capsys):
    run = trained("trainer.max_epochs=1")
    first = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    assert "is complete" not in capsys.readouterr().out
    trained("trainer.max_epochs=1")
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == first
    output = capsys.readouterr().out
    assert f"{run.path} is complete" in output.replace("\n", "")
    assert "force=true" in output
    assert "internal validation" in output
    before = (run.path / "predictions.csv").read_bytes()
    trained("trainer.max_epochs=1", "force=true")
    assert (run.path / "predictions.csv").stat().st_mtime_ns > first[run.path / "predictions.csv"]
    assert (run.path / "predictions.csv").read_bytes() == before
    assert {path.name for path in run.path.iterdir()} == FILES | {"csv"}
    assert (run.path / "train.log").read_text().count("epoch ") == 2  # one line, which names the best epoch


def test_a_finished_run_of_other_patients_is_refused(trained, cohort):
    run = trained(*own(cohort), "trainer.max_epochs=1")
    predictions = (run.path / "predictions.csv").read_bytes()
    change(cohort, run.predictions["split"] == "test")
    with pytest.raises(InputError, match=r"cohort\.name=.*force=true"):
        trained(*own(cohort), "trainer.max_epochs=1")
    assert (run.path / "predictions.csv").read_bytes() == predictions


def replace_images(cohort: Path, sequence: str) -> None:
    """The first patient gets the second one's outline and brighter image; the table is unchanged."""
    table = pd.read_csv(cohort / "patients.csv", dtype=str).set_index("patient_id")
    for column, more in ((f"{sequence}_image", 1), (f"{sequence}_mask", 0)):
        mine, other = (cohort / table.loc[patient, column] for patient in ("H1-0001", "H1-0002"))
        mine.unlink()  # the link, not the phantom's file
        sitk.WriteImage(sitk.ReadImage(other) + more, mine)  # no copy, which two patients must not share


def test_a_finished_run_of_other_images_is_refused(trained, cohort):
    run = trained(*own(cohort), "trainer.max_epochs=1")
    before = run.predictions
    first = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    replace_images(cohort, "cet1")
    with pytest.raises(InputError, match=r"images.*cohort\.name=.*force=true") as caught:
        trained(*own(cohort), "trainer.max_epochs=1")
    assert str(run.path) in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == first
    replaced = trained(*own(cohort), "trainer.max_epochs=1", "force=true").predictions
    assert replaced.drop(columns="risk").equals(before.drop(columns="risk"))
    assert not replaced["risk"].equals(before["risk"])


def test_images_that_a_finished_run_has_not_read_may_change(trained, cohort, capsys):
    run = trained(*own(cohort), "trainer.max_epochs=1")
    first = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    replace_images(cohort, "t2")
    trained(*own(cohort), "trainer.max_epochs=1")
    assert "is complete" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == first


@cache
def default_choices() -> DictConfig:
    return compose([])


@pytest.mark.parametrize(
    "override",
    ["runs=/x", "store=/x", "cohort.root=/x", "logger=wandb", "trainer.devices=2", "trainer.accelerator=gpu",
     "trainer.workers=3", "trainer.profiler=simple", "force=true", "cohort.name=other"],
)  # fmt: skip
def test_the_run_key_does_not_depend_on_where_and_how(override):
    assert key.run_key(compose([override])) == key.run_key(default_choices())


def test_the_run_key_depends_on_every_choice_that_can_change_the_numbers():
    overrides = [
        "seed=1", "optimizer.lr=0.001", "optimizer.decay=0", "optimizer=adam", "augment=none", "augment.rotate=5",
        "slices=three", "sequence=t2", "sequence=both", "cohort.seed=1", "cohort.n=100", "cohort.signal=0",
        "cohort.external=20", "cohort.missing=exclude", "split.seed=1", "split=random", "batch_size=8",
        "preprocess=roi_crop", "preprocess.size=32", "preprocess.equalise=false", "network=tiny", "network.join=mean",
        "network.weights=imagenet", "network.batch_norm.momentum=0.1", "endpoint.class_weight=true",
        "endpoint.event=os_event", "endpoint=landmark", "endpoint=landmark endpoint.months=24", "endpoint=cox",
        "endpoint=hazard", "endpoint=hazard endpoint.intervals=4", "trainer.max_epochs=2", "trainer.patience=2",
        "trainer.threads=1", "trainer.precision=64-true", "cohort.label=1", "+cohort.roi.cet1=GTV",
    ]  # fmt: skip
    groups = {folder.name for folder in (ROOT / "conf").iterdir()}
    keys = []
    for words in map(str.split, ["seed=0", *overrides]):  # composing is slow, and only groups and new keys need it
        chosen = [word for word in words if word[0] == "+" or word.split("=")[0] in groups]
        values = [word for word in words if word not in chosen]
        choices = compose(chosen) if chosen else default_choices()
        keys.append(key.run_key(OmegaConf.merge(choices, OmegaConf.from_dotlist(values))))
    assert len(set(keys)) == len(overrides) + 1


# --- leakage of data --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def before(shared, default_run, tmp_path_factory):
    """The phantom as a cohort folder, before anything is changed."""
    choices = shared.compose(tmp_path_factory.mktemp("before"), *own(shared.table), "endpoint.class_weight=true")
    train(choices)
    return type(default_run)(key.run_folder(choices))


def after(trained, cohort, before, split):
    """The same run after the patients of a split were changed."""
    change(cohort, before.predictions["split"] == split)
    return trained(*own(cohort), "endpoint.class_weight=true")


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


def test_validation_patients_choose_the_epoch_and_nothing_else(trained, cohort, before):
    changed = after(trained, cohort, before, "validation")
    assert (changed.epochs["train_loss"] == before.epochs["train_loss"]).all()
    assert (changed.epochs["val_loss"] != before.epochs["val_loss"]).all()


def test_the_model_depends_on_the_training_patients(trained, cohort, before):
    """The two tests above would detect such a dependence."""
    changed = after(trained, cohort, before, "train")
    assert not (changed.predictions["risk"] == before.predictions["risk"]).any()


# --- resuming ---------------------------------------------------------------------------------------------------------


def interrupt(monkeypatch, where: str) -> None:
    """The process ends just before the run is completed, or before one of the steps of that."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    if where in ("write_results", "finish", "clear_leftovers"):
        monkeypatch.setattr(run_folder.RunFolder, where, stop)
    elif where == "model.ckpt":
        monkeypatch.setattr("npc.signature.fit.copyfile", stop)
    else:
        write = run_folder.write_text
        monkeypatch.setattr(
            run_folder, "write_text", lambda path, text: stop() if path.name == where else write(path, text)
        )


@pytest.mark.slow
@pytest.mark.parametrize("where", ["write_results", "predictions.csv", "metrics.json", "model.ckpt", "finish", "DONE"])
def test_a_run_that_was_interrupted_at_its_end_resumes(default_run, tiny, trained, monkeypatch, where):
    with monkeypatch.context() as patch:
        interrupt(patch, where)
        with pytest.raises(KeyboardInterrupt):
            train(tiny())
    assert not list(Path(tiny().runs).rglob("DONE"))
    run = trained()
    for name in ("predictions.csv", "metrics.json"):
        assert (run.path / name).read_bytes() == (default_run.path / name).read_bytes(), name
    assert {path.name for path in run.path.iterdir()} == FILES | {"csv"}
    log = (run.path / "train.log").read_text()
    assert log.count("resuming from") == 1
    assert len(re.findall(r"epoch +\d/4 ", log)) == 4  # no epoch was added


@pytest.mark.slow
def test_leftovers_of_a_run_interrupted_after_its_end_are_deleted(tiny, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        interrupt(patch, "clear_leftovers")
        with pytest.raises(KeyboardInterrupt):
            train(tiny())
    run = key.run_folder(tiny())
    assert (run / "DONE").exists()
    assert (run / "checkpoints").exists()
    train(tiny())
    assert "is complete" in capsys.readouterr().out
    assert {path.name for path in run.iterdir()} == FILES | {"csv"}


def test_a_second_process_on_the_same_run_is_refused(tiny):
    run = run_folder.RunFolder(key.run_folder(tiny()))
    with FileLock(run.path.with_name(f".{run.path.name}.lock"), is_singleton=False) as held:
        assert held.is_locked
        with pytest.raises(InputError, match="another process is working on this run"):
            train(tiny())
    assert not run.path.exists()


def test_the_run_key_depends_on_the_content_of_weights_and_not_on_their_path(tiny, tmp_path):
    first, copy, other = (tmp_path / name for name in ("a.pt", "b.pt", "c.pt"))
    first.write_bytes(b"weights")
    copy.write_bytes(b"weights")
    other.write_bytes(b"others")
    keys = [key.run_key(tiny(f"network.weights={path}")) for path in (first, copy, other)]
    assert keys[0] == keys[1] != keys[2]


def test_a_landmark_before_the_first_event_is_refused(tiny):
    with pytest.raises(InputError, match="too few patients"):
        train(tiny("endpoint=landmark", "endpoint.months=0.01"))


@pytest.fixture
def interrupted(tiny, monkeypatch):
    """A run folder that was left before its end."""
    with monkeypatch.context() as patch:
        interrupt(patch, "write_results")
        with pytest.raises(KeyboardInterrupt):
            train(tiny())
    return key.run_folder(tiny())


@pytest.mark.slow
def test_a_truncated_checkpoint_is_replaced_by_training_again(interrupted, default_run, trained):
    """A kill in the middle of a copy to the disk of the runs leaves half a file."""
    last = interrupted / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:1000])
    assert trained().predictions.equals(default_run.predictions)


@pytest.mark.slow
@pytest.mark.parametrize(
    "leftover", ["checkpoints/.best.ckpt.part", "checkpoints/.last.ckpt.part", ".metrics.json.0a1b2c3d.tmp"]
)
def test_leftovers_of_a_kill_are_deleted(interrupted, trained, leftover):
    (interrupted / leftover).write_bytes(b"half")
    assert {path.name for path in trained().path.iterdir()} == FILES | {"csv"}


def test_a_run_does_not_resume_from_checkpoints_of_other_data(trained, tiny, cohort, monkeypatch):
    overrides = [*own(cohort), "trainer.max_epochs=2"]
    with monkeypatch.context() as patch:
        interrupt(patch, "write_results")
        with pytest.raises(KeyboardInterrupt):
            train(tiny(*overrides))
    splits = pd.read_csv(next(Path(tiny().runs).rglob("splits.csv"))).set_index("patient_id")["split"]
    change(cohort, splits == "train")
    run = trained(*overrides)
    assert "resuming from" not in (run.path / "train.log").read_text()
    assert run.predictions["risk"].equals(trained(*own(cohort, "fresh"), "trainer.max_epochs=2").predictions["risk"])


# --- variants ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(("slices=three",), marks=pytest.mark.slow),
        pytest.param(("sequence=t2",), marks=pytest.mark.slow),
        pytest.param(("sequence=both", "network.join=towers"), marks=pytest.mark.slow),
        pytest.param(("sequence=both", "network.join=mean"), marks=pytest.mark.slow),
        ("sequence=both", "network.join=stack", "slices=three"),
        pytest.param(("endpoint.class_weight=true",), marks=pytest.mark.slow),
        pytest.param(("augment=none",), marks=pytest.mark.slow),
        ("preprocess=roi_crop",),
        pytest.param(("seed=1",), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_each_variant_trains_and_gives_other_risks(default_run, trained, overrides):
    run = trained("trainer.max_epochs=1", *overrides)
    assert run.path != default_run.path
    assert run.predictions.index.equals(default_run.predictions.index)
    assert not (run.predictions["risk"] == default_run.predictions["risk"]).any()
    first = torch.load(run.model, weights_only=True)["state_dict"]["network.towers.0.0.weight"]
    assert first.shape[1] == (3 if "slices=three" in overrides else 1) * (2 if "network.join=stack" in overrides else 1)


def test_seed_0_is_used_as_a_seed(default_run, trained):
    """The default's first weights do not depend on what ran before."""
    torch.manual_seed(123)
    assert trained("seed=0").predictions.equals(default_run.predictions)


def test_the_order_of_the_rows_does_not_matter(trained, cohort, before):
    path = cohort / "patients.csv"
    pd.read_csv(path, dtype=str)[::-1].to_csv(path, index=False)
    reversed_rows = trained(*own(cohort), "endpoint.class_weight=true")
    written = [(run.path / "predictions.csv").read_bytes() for run in (before, reversed_rows)]
    assert written[0] == written[1]


# --- endpoints --------------------------------------------------------------------------------------------------------


def outcomes(folder: Path) -> pd.DataFrame:
    """Months and events as the cohort folder records them."""
    table = pd.read_csv(folder / "patients.csv", dtype={"patient_id": str}, float_precision="round_trip")
    return table.set_index("patient_id")[["dmfs_months", "dm_event"]].set_axis(["time", "event"], axis=1)


def test_a_landmark_excludes_patients_censored_before_it(default_run, shared, trained):
    run = trained("endpoint=landmark", "trainer.max_epochs=1")
    recorded = outcomes(shared.table)
    unknown = (recorded["event"] == 0) & (recorded["time"] < 36)
    late = (recorded["event"] == 1) & (recorded["time"] > 36)
    assert 0 < unknown.sum() < 60
    assert late.any()  # a metastasis after the landmark has label 0

    exclusions = pd.read_csv(run.path / "exclusions.csv", dtype=str)
    assert exclusions["patient_id"].tolist() == sorted(unknown.index[unknown])
    assert set(exclusions["reason"]) == {"censored before month 36"}
    predictions = run.predictions
    assert set(predictions.index) == set(unknown.index[~unknown])
    recorded = recorded.loc[predictions.index]
    assert predictions[["time", "event"]].equals(recorded)
    assert (predictions["label"] == ((recorded["event"] == 1) & (recorded["time"] <= 36))).all()
    assert (predictions["label"] != predictions["event"]).any()
    assert predictions["split"].equals(default_run.predictions["split"].loc[predictions.index])
    splits = pd.read_csv(run.path / "splits.csv", dtype=str).set_index("patient_id")["split"]
    assert splits.sort_index().equals(predictions["split"].sort_index())

    for split, rows in predictions.groupby("split"):
        assert run.metrics["n"][split] == len(rows)
        assert run.metrics["events"][split] == rows["label"].sum()
        both = rows["label"].nunique() == 2
        expected = pytest.approx(roc_auc_score(rows["label"], rows["risk"]), rel=1e-12) if both else None
        assert run.metrics["auc"][split] == expected


def test_a_landmark_before_the_first_censoring_excludes_no_patient(default_run, shared, trained):
    recorded = outcomes(shared.table)
    months = float(recorded["time"][recorded["event"] == 0].min())  # a patient censored in that month survived it
    run = trained("endpoint=landmark", f"endpoint.months={months}", "trainer.max_epochs=1")
    assert (run.path / "exclusions.csv").read_text() == "patient_id,centre,reason\n"
    assert run.predictions["split"].equals(default_run.predictions["split"])


@pytest.mark.parametrize(
    "overrides",
    [
        ("endpoint=cox",),
        pytest.param(("endpoint=hazard",), marks=pytest.mark.slow),
        pytest.param(("endpoint=hazard", "sequence=both", "network.join=mean"), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_endpoints_of_times_train(default_run, trained, tiny, overrides):
    run = trained(*overrides)
    predictions = run.predictions
    same = ["split", "label", "time", "event"]
    assert predictions[same].equals(default_run.predictions[same])  # no patient is left out: censoring is accounted for
    assert (run.path / "exclusions.csv").read_text() == "patient_id,centre,reason\n"
    assert np.isfinite(predictions["risk"]).all()
    assert predictions["risk"].nunique() > 50
    assert np.isfinite(run.epochs[["train_loss", "val_loss", "val_auc"]]).all(axis=None)
    assert run.epochs["train_loss"].is_unique  # the epochs differ: the network is trained
    for split, rows in predictions.groupby("split"):
        assert run.metrics["auc"][split] == pytest.approx(roc_auc_score(rows["event"], rows["risk"]), rel=1e-12)

    saved = torch.load(run.model, weights_only=True)
    module = SignatureModule(**saved["hyper_parameters"])
    module.load_state_dict(saved["state_dict"])
    cohort = load(tiny().cohort, tiny().endpoint, ["cet1", "t2"])
    stores = [open_store(*stored(tiny(*overrides), cohort, s)) for s in run_sequences(tiny(*overrides))]
    rows = predictions[predictions["split"] == "test"]
    planes = np.stack([s.array[[s.rows[patient] for patient in rows.index], 1] for s in stores], axis=1)
    torch.set_num_threads(tiny().trainer.threads)
    with torch.no_grad():
        x = torch.from_numpy(planes).float()[:, :, None] / 255
        output, risk = module.eval().network(x).double(), module(x)
    assert risk.tolist() == rows["risk"].tolist()
    if "endpoint=cox" in overrides:
        np.testing.assert_array_equal(risk, output[:, 0, 0])  # the log relative hazard
    else:
        # at the last cut, of the mean over the signatures
        np.testing.assert_allclose(risk, (1 - torch.sigmoid(-output).prod(dim=2)).mean(dim=1), rtol=1e-9)
        assert predictions["risk"].between(0, 1).all()


def test_cuts_of_the_hazards_come_from_the_training_patients_alone(trained, cohort):
    hazard = ("endpoint=hazard", "trainer.max_epochs=2")

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


# --- patients who lack a sequence -------------------------------------------------------------------------------------


@pytest.fixture
def lacking(cohort):
    """Two patients without T2."""
    path = cohort / "patients.csv"
    table = pd.read_csv(path, dtype=str).set_index("patient_id")
    table.loc[["H1-0003", "H2-0002"], ["t2_image", "t2_mask"]] = ""
    table.reset_index().to_csv(path, index=False)
    return cohort


def test_a_sequence_that_patients_lack_is_an_error_that_names_them(lacking, tiny):
    with pytest.raises(InputError) as caught:
        train(tiny(*own(lacking), "sequence=both"))
    assert "H1-0003" in str(caught.value)
    assert "H2-0002" in str(caught.value)
    assert "H1-0004" not in str(caught.value)
    assert "cohort.missing=exclude" in str(caught.value)


def test_patients_without_a_sequence_are_excluded_and_listed_when_asked(lacking, trained):
    run = trained(*own(lacking), "sequence=both", "cohort.missing=exclude", "trainer.max_epochs=1")
    exclusions = pd.read_csv(run.path / "exclusions.csv", dtype=str)
    assert exclusions["patient_id"].tolist() == ["H1-0003", "H2-0002"]
    assert exclusions["reason"].str.contains("t2").all()
    assert len(run.predictions) == 58
    assert not {"H1-0003", "H2-0002"} & set(run.predictions.index)


def test_exclusions_list_every_reason(lacking, trained):
    run = trained(*own(lacking), "sequence=both", "cohort.missing=exclude", "endpoint=landmark", "trainer.max_epochs=1")
    recorded = outcomes(lacking).drop(["H1-0003", "H2-0002"])
    unknown = sorted(recorded.index[(recorded["event"] == 0) & (recorded["time"] < 36)])
    assert unknown
    exclusions = pd.read_csv(run.path / "exclusions.csv", dtype=str)
    assert exclusions["patient_id"].tolist() == ["H1-0003", "H2-0002", *unknown]
    assert exclusions["reason"][:2].str.contains("t2").all()
    assert set(exclusions["reason"][2:]) == {"censored before month 36"}
    assert sorted(run.predictions.index) == sorted(recorded.index.drop(unknown))


def test_a_sequence_that_the_run_does_not_use_may_be_missing(lacking, trained):
    run = trained(*own(lacking), "sequence=cet1", "trainer.max_epochs=1")
    assert len(run.predictions) == 60
    assert (run.path / "exclusions.csv").read_text() == "patient_id,centre,reason\n"


# --- bad choices ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "override",
    [
        "trainer.precision=foo", "trainer.accelerator=foo", "trainer.strategy=foo", "trainer.devices=0",
        "trainer.devices=foo", "trainer.limit_train_batches=foo", "trainer.limit_train_batches=1.5",
        "trainer.limit_train_batches=0", "trainer.overfit_batches=foo", "seed=99999999999999",
        pytest.param(
            "trainer.accelerator=gpu",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="on a machine with a GPU it is valid"),
        ),
    ],
)  # fmt: skip
def test_an_invalid_choice_is_reported(tiny, override):
    with pytest.raises(InputError, match="^" + re.split("[.=]", override)[0]):
        train(tiny(override))
