"""Runs on this machine: their results, and what happens when one fails, is killed, or belongs to another process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from tests.commands import run_here
from tests.sweep.commands import ROOT, finished, npc, started, sweep_file


def until(holds: Callable[[], object], seconds: float = 120) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError("the condition was not met in time")


def workers(scheduler: psutil.Process) -> list[psutil.Process]:
    """The processes that make runs: children of the fork server."""
    try:
        return [
            worker for server in scheduler.children() if "forkserver" in " ".join(server.cmdline())
            for worker in server.children()
        ]  # fmt: skip
    except psutil.NoSuchProcess:
        return []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep") / "store"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, store: Path) -> tuple[Path, Path, subprocess.CompletedProcess]:
    """A sweep of four runs, of which one diverges."""
    folder = tmp_path_factory.mktemp("swept")
    file = sweep_file(folder / "four.yaml", **{"batch_size": [8, 16], "optimizer.lr": [0.01, 1e30]})
    done = npc("sweep", "run", file, "--slots", 2, f"runs={folder}/runs", f"store={store}")
    return file, folder / "runs", done


@pytest.mark.slow
def test_a_failed_run_is_reported_and_does_not_stop_the_others(swept):
    file, runs, done = swept
    assert done.returncode == 1, done.stderr
    assert len(finished(runs)) == 2
    assert "diverged" in done.stdout
    assert "not complete: 2 of 4 runs are not done" in done.stdout
    ended = run_here("npc", "sweep", "status", file, f"runs={runs}", "--json")
    assert ended.returncode == 1
    status = json.loads(ended.stdout)
    assert {key: status[key] for key in ("expected", "done", "failed", "missing", "running")} == {
        "expected": 4, "done": 2, "failed": 2, "missing": 0, "running": 0,
    }  # fmt: skip
    failed = [run for run in status["runs"] if run["state"] == "failed"]
    assert all("diverged" in run["reason"] and run["attempts"] == 1 for run in failed)  # it would diverge again


@pytest.mark.slow
def test_results_are_the_same_bytes_as_those_of_train(swept, store, tmp_path):
    file, runs, _ = swept
    listed = json.loads(npc("sweep", "list", file, f"runs={tmp_path}", f"store={store}", "--json").stdout)["runs"]
    run = next(run for run in listed if run["run_key"] in finished(runs))
    done = subprocess.run([sys.executable, "train.py", *run["overrides"]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("predictions.csv", "metrics.json"):
        mine = finished(tmp_path)[run["run_key"]] / name
        assert mine.read_bytes() == (finished(runs)[run["run_key"]] / name).read_bytes()


@pytest.mark.slow
def test_complete_runs_are_not_repeated(swept, store):
    file, runs, _ = swept
    before = {path: path.stat().st_mtime_ns for folder in finished(runs).values() for path in folder.rglob("*")}
    again = npc("sweep", "run", file, f"runs={runs}", f"store={store}")
    assert again.returncode == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
    status = json.loads(npc("sweep", "status", file, f"runs={runs}", "--json").stdout)
    assert {run["attempts"] for run in status["runs"] if "attempts" in run} == {2}


@pytest.mark.slow
def test_a_killed_run_is_tried_again_and_after_ctrl_c_the_same_command_resumes(tmp_path, store):
    file = sweep_file(tmp_path / "long.yaml", **{"trainer.max_epochs": 60, "seed": [0, 1, 2]})
    words = ("sweep", "run", file, "--slots", 1, f"runs={tmp_path}/runs", f"store={store}")
    log = tmp_path / "log"
    scheduler = started(*words, log=log)
    first = until(lambda: [path.parent for path in tmp_path.glob("runs/*/*/*/checkpoints/last.ckpt")])[0].parent
    (worker,) = workers(psutil.Process(scheduler.pid))
    worker.kill()
    until(lambda: len(list(tmp_path.glob("runs/*/*/*/checkpoints/last.ckpt"))) == 2)  # it is at the next
    os.killpg(scheduler.pid, signal.SIGINT)
    assert scheduler.wait(60) == 130
    assert "interrupted; the same command resumes where it stopped" in log.read_text()
    assert not finished(tmp_path / "runs")
    assert "ended by SIGKILL" in npc("sweep", "status", *words[2:3], *words[5:]).stdout
    assert npc(*words).returncode == 0
    assert len(finished(tmp_path / "runs")) == 3
    assert "resuming from" in (first / "train.log").read_text()
    assert npc("sweep", "status", file, f"runs={tmp_path}/runs").returncode == 0
    assert not list(tmp_path.glob("runs/*/*/.*.failed.json"))


@pytest.mark.slow
def test_a_killed_sweep_leaves_no_run_behind(tmp_path, store):
    file = sweep_file(tmp_path / "long.yaml", **{"trainer.max_epochs": 500})
    scheduler = started("sweep", "run", file, f"runs={tmp_path}/runs", f"store={store}", log=tmp_path / "log")
    until(lambda: list(tmp_path.glob("runs/*/*/*/checkpoints/last.ckpt")))
    (worker,) = workers(psutil.Process(scheduler.pid))
    scheduler.kill()
    scheduler.wait()
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 40)


@pytest.mark.slow
def test_a_run_of_another_process_is_waited_for(tmp_path, store):
    file = sweep_file(tmp_path / "two.yaml", seed=[0, 1])
    words = (file, f"runs={tmp_path}/runs", f"store={store}")
    listed = json.loads(npc("sweep", "list", *words, "--json").stdout)["runs"]
    home = tmp_path / "runs" / "phantom" / "cet1-max"
    home.mkdir(parents=True)
    with FileLock(home / f".{listed[0]['run_key']}.lock"):
        scheduler = started("sweep", "run", *words, log=tmp_path / "log")
        until(lambda: set(finished(tmp_path / "runs")) == {listed[1]["run_key"]})
        status = json.loads(npc("sweep", "status", *words, "--json").stdout)
        assert (status["running"], status["done"]) == (1, 1)
        assert scheduler.poll() is None
    assert scheduler.wait(60) == 0
    assert len(finished(tmp_path / "runs")) == 2


@pytest.mark.slow
def test_ten_failures_in_a_row_stop_a_worker(tmp_path, store):
    """Each is refused: this machine has no such accelerator."""
    file = sweep_file(tmp_path / "many.yaml", **{"trainer.accelerator": "mps", "seed": list(range(12))})
    done = npc("sweep", "run", file, "--slots", 1, f"runs={tmp_path}/runs", f"store={store}")
    assert done.returncode == 2
    assert "every worker (1) was stopped after 10 failures in a row" in done.stderr
    status = json.loads(npc("sweep", "status", file, f"runs={tmp_path}/runs", "--json").stdout)
    assert (status["failed"], status["missing"]) == (10, 2)


def test_slots_and_devices_exclude_each_other(tmp_path):
    done = run_here("npc", "sweep", "run", "sweeps/smoke.yaml", "--slots", 2, "--devices", "0")
    assert done.returncode == 2
    assert "--slots, --devices: give one of them" in done.stderr


@pytest.mark.slow
def test_a_full_disk_is_reported_before_any_run_starts(small_disk, store):
    disk = small_disk(64)
    done = npc("sweep", "run", "sweeps/smoke.yaml", f"runs={disk}", f"store={store}")
    assert done.returncode == 2
    assert "o space left" in done.stderr
    assert str(disk) in done.stderr
    assert done.stdout == ""
    assert not list(disk.iterdir())


@pytest.mark.slow
def test_no_process_outlives_the_sweep(tmp_path):
    """Nor do the processes that read the images of a new cohort."""
    file = sweep_file(tmp_path / "two.yaml", seed=[0, 1])
    words = [f"runs={tmp_path}/runs", f"store={tmp_path}/store", f"cohort.root={tmp_path}/phantom"]
    sweep = started("sweep", "run", file, *words, log=tmp_path / "log")
    assert sweep.wait(300) == 0
    until(lambda: not alive(sweep.pid), seconds=30)  # unless they are ended they wait for five minutes


def alive(session: int) -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(one.pid) == session and one.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found
