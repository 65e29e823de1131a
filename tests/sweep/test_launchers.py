"""Hydra's multirun with each launcher makes the runs that `npc sweep run` makes, byte for byte."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sweep.commands import ROOT, finished, npc, sweep_file

pytestmark = pytest.mark.slow
VARIED = {"sequence": ["cet1", "t2"], "batch_size": [8, 16]}


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("launchers")
    return [f"store={folder / 'store'}", f"cohort.root={folder / 'phantom'}"]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory, places) -> dict[str, bytes]:
    """Predictions by run key, of the local backend."""
    folder = tmp_path_factory.mktemp("sweep")
    done = npc("sweep", "run", sweep_file(folder / "grid.yaml", **VARIED), *places, f"runs={folder / 'runs'}")
    assert done.returncode == 0, done.stdout + done.stderr
    return predictions(folder / "runs")


def predictions(runs: Path) -> dict[str, bytes]:
    return {key: (folder / "predictions.csv").read_bytes() for key, folder in finished(runs).items()}


def multirun(runs: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # the order of the jobs is another than the sweep's
    varied = [f"{key}={','.join(map(str, reversed(values)))}" for key, values in VARIED.items()]
    command = [sys.executable, "train.py", "-m", "experiment=tiny", "trainer.threads=1", "trainer.max_epochs=2",
               *reversed(varied), f"runs={runs}", *words]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)


@pytest.mark.parametrize("launcher", ["basic", "joblib", "submitit_local"])
def test_a_multirun_on_this_machine_equals_the_sweep(launcher, sweep, places, tmp_path):
    done = multirun(tmp_path / "runs", *places, f"hydra/launcher={launcher}")
    assert done.returncode == 0, done.stderr
    assert predictions(tmp_path / "runs") == sweep
    assert len(sweep) == 4


@pytest.mark.usefixtures("slurm")
def test_a_multirun_on_slurm_equals_the_sweep(sweep, places, tmp_path):
    done = multirun(tmp_path / "runs", *places, "hydra/launcher=submitit_slurm", "hydra.launcher.cpus_per_task=1",
                    "hydra.launcher.timeout_min=30")  # fmt: skip
    logs = "".join(path.read_text() for path in tmp_path.rglob("*_log.err"))
    assert done.returncode == 0, done.stderr + logs
    assert predictions(tmp_path / "runs") == sweep


def test_a_refused_job_does_not_stop_the_other_jobs(places, tmp_path):
    """As with the sweep's other backends."""
    done = subprocess.run(
        [sys.executable, "train.py", "-m", "experiment=tiny", "trainer.max_epochs=1", "batch_size=0,8",
         "hydra/launcher=joblib", f"runs={tmp_path / 'runs'}", *places],
        cwd=ROOT, capture_output=True, text=True, timeout=900, env={**os.environ, "NPC_DEBUG": ""},
    )  # fmt: skip
    assert done.returncode != 0
    assert "batch_size=0" in done.stderr
    assert len(finished(tmp_path / "runs")) == 1
