"""Successive halving: a search that stops poor runs, and leaves those alone that go to their end."""

import json

import pytest
import yaml

from npc.errors import InputError
from npc.sweep.plan import Halving, plan
from tests.commands import run_here
from tests.sweep.commands import ROOT, finished, npc, sweep_file

HALVING = {"type": "hyperband", "min_iter": 1, "eta": 3}


def stopping(file, wanted):
    """The same file with `early_terminate`."""
    content = yaml.safe_load(file.read_text()) | {"early_terminate": wanted}
    other = file.with_name(f"halving_{file.name}")
    other.write_text(yaml.safe_dump(content))
    return other


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("hyperband", "early_terminate: must hold"),
        ({"type": "hyperband"}, "early_terminate: must hold"),
        ({"type": "median", "min_iter": 3}, "early_terminate.type: median"),
        ({"type": "hyperband", "min_iter": 0}, "early_terminate.min_iter: 0"),
        ({"type": "hyperband", "min_iter": 3, "eta": 1.5}, "early_terminate.eta: 1.5"),
        ({"type": "hyperband", "min_iter": 3, "s": 2}, "early_terminate: must hold"),
    ],
)
def test_what_can_not_be_meant_is_refused(tmp_path, wanted, said):
    with pytest.raises(InputError, match=said):
        plan([stopping(sweep_file(tmp_path / "a.yaml", seed=[0, 1]), wanted)])


def test_a_run_that_one_file_wants_whole_is_not_stopped(tmp_path):
    file = sweep_file(tmp_path / "a.yaml", seed=[0, 1])
    other = stopping(file, HALVING)
    for files in ([file, other], [other, file]):
        assert [run.halving for run in plan(files).runs] == [None, None]
    assert [run.halving for run in plan([other]).runs] == [Halving(1, 3)] * 2


def test_the_file_that_comes_along_has_the_grids_runs(tmp_path):
    halving, grid = (yaml.safe_load((ROOT / "sweeps" / name).read_text()) for name in ("halving.yaml", "cet1_max.yaml"))
    for what in ("program", "method", "parameters"):
        assert halving[what] == grid[what]
    few = tmp_path / "few.yaml"
    few.write_text(yaml.safe_dump(halving | {"parameters": {"seed": {"values": [0, 1]}}}))
    assert [run.halving for run in plan([few]).runs] == [Halving(5, 3)] * 2


def test_on_slurm_it_is_refused(tmp_path):
    told = run_here("npc", "sweep", "run", "sweeps/halving.yaml", "--backend", "slurm", f"runs={tmp_path / 'runs'}")
    assert told.returncode == 2
    assert told.stderr.startswith("npc: early_terminate: ")


@pytest.mark.slow
def test_poor_runs_stop_and_the_grid_takes_them_up(tmp_path):
    file = sweep_file(tmp_path / "nine.yaml", **{"trainer.max_epochs": 6, "trainer.patience": 6,
                      "optimizer.lr": [0.01, 0.001, 0.0001], "seed": [0, 1, 2]})  # fmt: skip
    store = f"store={tmp_path / 'store'}"
    halving, runs = stopping(file, HALVING), f"runs={tmp_path / 'runs'}"
    done = npc("sweep", "run", halving, "--slots", 2, store, runs)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(npc("sweep", "status", halving, runs, "--json").stdout)
    assert told["expected"] == 9 == told["done"] + told["stopped"]
    assert told["stopped"] >= 4
    assert f"complete: {told['done']} runs are done, {told['stopped']} were stopped early" in done.stdout
    whole = finished(tmp_path / "runs")
    assert len(whole) == told["done"] >= 1
    for run in told["runs"]:
        if run["state"] == "stopped":
            stop = json.loads(
                (tmp_path / "runs" / "phantom" / "cet1-max" / f".{run['run_key']}.stopped.json").read_text()
            )
            assert stop["epoch"] in (1, 3)

    again = npc("sweep", "run", halving, "--slots", 2, store, runs)
    assert again.returncode == 0
    assert finished(tmp_path / "runs").keys() == whole.keys()
    if told["done"] > 1:
        report = npc("sweep", "report", halving, runs, "--reports", tmp_path / "reports")
        assert "another search than the grid" in report.stdout

    grid = npc("sweep", "run", file, "--slots", 2, store, f"runs={tmp_path / 'grid'}")
    assert grid.returncode == 0, grid.stdout
    expected = {key: (folder / "predictions.csv").read_bytes() for key, folder in finished(tmp_path / "grid").items()}
    for key, folder in whole.items():
        assert (folder / "predictions.csv").read_bytes() == expected[key]

    assert npc("sweep", "run", file, "--slots", 2, store, runs).returncode == 0
    taken_up = finished(tmp_path / "runs")
    assert {key: (folder / "predictions.csv").read_bytes() for key, folder in taken_up.items()} == expected
    for key in taken_up.keys() - whole.keys():
        assert "resuming from" in (taken_up[key] / "train.log").read_text()
    assert not list((tmp_path / "runs").rglob(".*.stopped.json"))
