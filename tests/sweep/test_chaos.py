"""The smoke sweep under kills at random moments ends with every run once, the same as undisturbed."""

import contextlib
import random
import time
from pathlib import Path

import psutil
import pytest

from tests.sweep.commands import finished, npc, started
from tests.sweep.test_local import workers

KILLS = 8


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir() if path.is_file()}


@pytest.mark.slow
def test_no_run_is_lost_when_workers_and_schedulers_are_killed(tmp_path: Path):
    words = ("sweeps/smoke.yaml", f"store={tmp_path}/store")
    calm = npc("sweep", "run", *words, "--slots", 2, f"runs={tmp_path}/calm")
    assert calm.returncode == 0, calm.stderr
    draw, runs = random.Random(), tmp_path / "runs"
    kills = {"worker": 0, "scheduler": 0}
    seen: dict[str, dict] = {}  # what finished runs held when they were first met

    def look() -> None:
        for key, folder in finished(runs).items():
            if not (folder / "checkpoints").exists():  # it is cleared just after DONE
                seen.setdefault(key, contents(folder))

    for _ in range(40):
        scheduler = started("sweep", "run", *words, "--slots", 2, f"runs={runs}", log=tmp_path / "log")
        while scheduler.poll() is None:
            pause = time.monotonic() + draw.uniform(0.5, 3)
            while time.monotonic() < pause and scheduler.poll() is None:
                look()
                time.sleep(0.02)
            if sum(kills.values()) >= KILLS and min(kills.values()) >= 2:
                continue
            at_work = workers(psutil.Process(scheduler.pid)) if scheduler.poll() is None else []
            if not at_work:
                continue
            if draw.random() < 0.6:
                with contextlib.suppress(psutil.NoSuchProcess):
                    draw.choice(at_work).kill()
                    kills["worker"] += 1
            else:
                scheduler.kill()
                kills["scheduler"] += 1
        scheduler.wait()
        if scheduler.returncode == 0:
            break
    look()
    assert sum(kills.values()) >= 5, kills
    assert min(kills.values()) >= 1, kills
    assert npc("sweep", "status", "sweeps/smoke.yaml", f"runs={runs}").returncode == 0
    ended, undisturbed = finished(runs), finished(tmp_path / "calm")
    assert set(ended) == set(undisturbed)
    assert len(ended) == len(list(runs.rglob("DONE"))) == 12
    for key, folder in ended.items():
        assert contents(folder) == seen[key], key
        assert (folder / "predictions.csv").read_bytes() == (undisturbed[key] / "predictions.csv").read_bytes()
