"""A run that was stopped goes on, a finished one is not run again, and nothing is left over."""

import re
from pathlib import Path

import pandas as pd
import pytest
import torch
from filelock import FileLock

from npc.config import key
from npc.errors import InputError
from npc.run import folder as run_folder
from npc.run.train import train
from npc.signature.callbacks import EpochLine
from tests.signature.changes import change, own
from tests.signature.tiny_runs import FILES


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_run_does_not_resume_from_checkpoints_of_other_data(trained, tiny, cohort, monkeypatch):
    overrides = [*own(cohort), "trainer.max_epochs=1"]
    with monkeypatch.context() as patch:
        interrupt(patch, "write_results")
        with pytest.raises(KeyboardInterrupt):
            train(tiny(*overrides))
    splits = pd.read_csv(next(Path(tiny().runs).rglob("splits.csv"))).set_index("patient_id")["split"]
    change(cohort, splits == "train")
    run = trained(*overrides)
    assert "resuming from" not in (run.path / "train.log").read_text()
    assert run.predictions["risk"].equals(trained(*own(cohort, "fresh"), "trainer.max_epochs=1").predictions["risk"])


@pytest.mark.slow
@pytest.mark.parametrize("epoch", ["best", "last"])
def test_a_run_killed_between_two_checkpoints_repeats_epochs_and_gives_the_same(trained, tiny, monkeypatch, epoch):
    words = ["optimizer.lr=0.03", f"trainer.epoch={epoch}"]
    whole = trained(*words, "trainer.checkpoint_every=0", f"runs={tiny().runs}/whole")
    assert whole.epochs["val_auc"].idxmax() == 0  # later epochs are not better

    def kill(self, trainer, module):
        if trainer.current_epoch == 3:  # after it, and before its checkpoint
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EpochLine, "on_train_epoch_end", kill)
        with pytest.raises(KeyboardInterrupt):
            train(tiny(*words, "trainer.checkpoint_every=1000"))
    kept = torch.load(key.run_folder(tiny(*words)) / "checkpoints" / "last.ckpt", weights_only=True)["epoch"]
    resumed = trained(*words, "trainer.checkpoint_every=1000")
    assert (kept, resumed.path.name) == (0, whole.path.name)
    for name in ("predictions.csv", "metrics.json"):
        assert (resumed.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_a_second_process_on_the_same_run_is_refused(tiny):
    run = run_folder.RunFolder(key.run_folder(tiny()))
    with FileLock(run.path.with_name(f".{run.path.name}.lock"), is_singleton=False) as held:
        assert held.is_locked
        with pytest.raises(InputError, match="another process is working on this run"):
            train(tiny())
    assert not run.path.exists()
