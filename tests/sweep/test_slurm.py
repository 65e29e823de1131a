"""Runs as tasks of a real Slurm, which `.ci/slurm` starts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from npc.config.loading import compose
from npc.sweep import work
from npc.sweep.plan import Planned, plan
from tests.sweep.commands import ROOT, finished, sweep_file

pytestmark = pytest.mark.slow
SMOKE = ROOT / "sweeps" / "smoke.yaml"
DRIVER = """
import json, sys
from pathlib import Path
from npc.command import one_message
from npc.sweep import slurm
from npc.sweep.plan import plan

file, wanted, *more = sys.argv[1:]
most = 0
def show(progress):
    global most
    most = max(most, len(progress.running))
with one_message():
    wanted = {"slots": 2, "partition": None, "minutes": 30, "cpus": 1, "gpus": 0, "retries": 1, **json.loads(wanted)}
    ended = slurm.run(plan([Path(file)], more), **wanted, show=show)
failed = {run.key: reason for run, reason in ended.failed.items()}
print(json.dumps({"done": len(ended.done), "failed": failed, "elsewhere": ended.elsewhere, "most": most}))
"""


@pytest.fixture
def driven(tmp_path: Path) -> Iterator["Driven"]:
    one = Driven(tmp_path)
    yield one
    one.end()


class Driven:
    """A sweep on Slurm in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "runs"
        self.overrides = [f"runs={self.runs}", f"store={folder}/store", f"cohort.root={folder}/phantom"]
        self.log = folder / "driver.log"

    def start(self, file: Path, *more: str, variables: dict[str, str] | None = None, **wanted: object) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", DRIVER, file, json.dumps(wanted), *self.overrides, *more],
                cwd=ROOT, env={**os.environ, **(variables or {})}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait(self) -> int:
        return self.process.wait(1200)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def result(self) -> dict:
        assert self.wait() == 0, self.said
        return json.loads(self.said.splitlines()[-1])

    @property
    def arrays(self) -> list[int]:
        """Slurm's numbers, oldest first."""
        return sorted({int(name.name.split("_")[0]) for name in self.runs.glob(".slurm/*_submitted.pkl")})

    def end(self) -> None:
        """Leaves no task behind."""
        self.process.kill()
        self.process.wait()
        for array in self.arrays:
            subprocess.run(["scancel", "--quiet", str(array)], check=False)


def until(holds: Callable[[], object], driver: Driven) -> None:
    end = time.monotonic() + 400
    while not holds():
        assert driver.process.poll() is None, driver.said
        assert time.monotonic() < end, driver.said
        time.sleep(0.05)


def planned(file: Path, driver: Driven, *more: str) -> list[Planned]:
    return list(plan([file], [*driver.overrides, *more]).runs)


def directly(run: Planned, folder: Path) -> bytes:
    """The predictions of the same choices, made in this process."""
    assert work.work(compose([*run.overrides, f"runs={folder}"])) == work.DONE
    return next(folder.rglob(f"{run.key}/predictions.csv")).read_bytes()


@pytest.mark.usefixtures("slurm")
def test_an_array_makes_the_runs_two_at_once_with_the_predictions_of_single_processes(driven, tmp_path):
    driven.start(SMOKE)
    assert driven.result() == {"done": 12, "failed": {}, "elsewhere": 0, "most": 2}
    runs = planned(SMOKE, driven)
    assert finished(driven.runs) == {run.key: run.folder for run in runs}
    for run in (runs[1], runs[-1]):
        assert (run.folder / "predictions.csv").read_bytes() == directly(run, tmp_path / "direct")

    driven.start(SMOKE)
    assert driven.result() == {"done": 0, "failed": {}, "elsewhere": 0, "most": 0}
    assert len(driven.arrays) == 1


@pytest.mark.usefixtures("slurm")
def test_what_was_cancelled_preempted_or_killed_goes_on_where_it_was(driven, tmp_path):
    file = sweep_file(tmp_path / "long.yaml", **{"trainer.max_epochs": 100, "trainer.patience": 100, "seed": [0, 1, 2]})
    cancelled, preempted, killed = runs = planned(file, driven)
    driven.start(file)
    reached(cancelled, driven)
    subprocess.run(["scancel", f"{driven.arrays[0]}_0"], check=True)
    reached(preempted, driven)
    subprocess.run(["scancel", "--signal=USR2", f"{driven.arrays[0]}_1"], check=True)
    reached(killed, driven)
    process(killed).kill()
    until(lambda: work.failure(cancelled.folder) and work.failure(killed.folder), driven)
    assert work.failure(cancelled.folder).reason.startswith("Slurm ended it: CANCELLED")
    assert "SIGKILL" in work.failure(killed.folder).reason
    assert work.failure(preempted.folder) is None

    assert driven.result() == {"done": 3, "failed": {}, "elsewhere": 0, "most": 2}
    assert len(driven.arrays) == 2
    for run in runs:
        assert (run.folder / "train.log").read_text().count("resuming from") == 1
        assert work.failure(run.folder) is None
    assert (preempted.folder / "predictions.csv").read_bytes() == directly(preempted, tmp_path / "direct")


def reached(run: Planned, driver: Driven) -> None:
    """Waits until some epochs are done."""
    log = run.folder / "train.log"
    until(lambda: log.exists() and re.search(r"epoch +10/100", log.read_text()), driver)


def process(run: Planned) -> psutil.Process:
    """That makes the run."""
    return next(
        one for one in psutil.process_iter(["cmdline"])
        if "npc.sweep.work" in " ".join(one.info["cmdline"] or []) and set(run.overrides) <= set(one.info["cmdline"])
    )  # fmt: skip


@pytest.mark.usefixtures("slurm")
def test_ctrl_c_leaves_the_runs_to_slurm_and_tells_how_to_end_them(driven, tmp_path):
    file = sweep_file(tmp_path / "two.yaml", seed=[0, 1])
    driven.start(file)
    until(lambda: driven.arrays, driven)
    time.sleep(2)
    driven.process.send_signal(signal.SIGINT)
    assert driven.wait() == 130
    assert f"the runs go on in Slurm; `scancel {driven.arrays[0]}` ends them" in driven.said
    assert "Traceback" not in driven.said
    asked = subprocess.run(["squeue", "--array", "--noheader", f"--jobs={driven.arrays[0]}"], capture_output=True)
    assert len(asked.stdout.splitlines()) == 2


@pytest.mark.usefixtures("slurm")
@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"partition": "nowhere"}, "Slurm would not take the runs: .*nowhere"),
        ({"gpus": 3}, "Slurm would not take the runs: "),
        ({"cpus": 99}, "Slurm would not take the runs: "),
    ],
)
def test_what_slurm_will_not_take_is_told_before_any_run_starts(driven, wanted, told):
    driven.start(SMOKE, **wanted)
    assert driven.wait() == 2
    assert re.fullmatch(f"npc: {told}.*", driven.said.strip())
    assert not driven.runs.exists()


@pytest.mark.usefixtures("slurm")
def test_a_dead_controller_is_told_before_any_run_starts(driven, tmp_path):
    config = tmp_path / "slurm.conf"
    config.write_text(Path(os.environ["SLURM_CONF"]).read_text() + "SlurmctldPort=6899\n")  # where nobody listens
    driven.start(SMOKE, variables={"SLURM_CONF": str(config)})
    assert driven.wait() == 2
    assert "Unable to contact slurm controller" in driven.said
    assert len(driven.said.splitlines()) == 1
    assert not driven.runs.exists()


@pytest.mark.usefixtures("slurm")
def test_minutes_above_the_partitions_limit_are_told_and_leave_nothing_in_the_queue(driven):
    driven.start(SMOKE, minutes=6000)
    assert driven.wait() == 2
    assert "the partition's limit is lower" in driven.said
    asked = subprocess.run(["squeue", "--noheader", f"--jobs={driven.arrays[0]}"], capture_output=True)
    assert asked.stdout == b""


def test_a_machine_without_slurm_is_told_so(driven, tmp_path):
    driven.start(SMOKE, variables={"PATH": str(tmp_path)})
    assert driven.wait() == 2
    assert driven.said.startswith("npc: Slurm: there is no sbatch here")
    assert len(driven.said.splitlines()) == 1
