"""Successive halving: a search that stops runs with a low AUC early and does not change the others."""

import json

import pytest
import yaml

from npc.errors import InputError
from npc.sweep.plan import Halving, plan
from tests.commands import run_here
from tests.sweep.commands import ROOT, finished, npc, sweep_file

HALVING = {"type": "hyperband", "min_iter": 1, "eta": 3}


def stopping(file, early_terminate):
    """The same file with `early_terminate`."""
    content = yaml.safe_load(file.read_text()) | {"early_terminate": early_terminate}
    other = file.with_name(f"halving_{file.name}")
    other.write_text(yaml.safe_dump(content))
    return other


@pytest.mark.parametrize(
    ("early_terminate", "message"),
    [
        ("hyperband", "early_terminate: must hold"),
        ({"type": "hyperband"}, "early_terminate: must hold"),
        ({"type": "median", "min_iter": 3}, "early_terminate.type: median"),
        ({"type": "hyperband", "min_iter": 0}, "early_terminate.min_iter: 0"),
        ({"type": "hyperband", "min_iter": 3, "eta": 1.5}, "early_terminate.eta: 1.5"),
        ({"type": "hyperband", "min_iter": 3, "s": 2}, "early_terminate: must hold"),
    ],
)
def test_an_invalid_early_terminate_is_refused(tmp_path, early_terminate, message):
    with pytest.raises(InputError, match=message):
        plan([stopping(sweep_file(tmp_path / "a.yaml", seed=[0, 1]), early_terminate)])


@pytest.mark.slow
def test_a_run_is_not_stopped_where_another_file_asks_for_it_in_full(tmp_path):
    file = sweep_file(tmp_path / "a.yaml", seed=[0, 1])
    other = stopping(file, HALVING)
    for files in ([file, other], [other, file]):
        assert [run.halving for run in plan(files).runs] == [None, None]
    assert [run.halving for run in plan([other]).runs] == [Halving(1, 3)] * 2


def test_the_packaged_halving_file_has_the_settings_of_the_grid(tmp_path):
    halving, grid = (yaml.safe_load((ROOT / "sweeps" / name).read_text()) for name in ("halving.yaml", "cet1_max.yaml"))
    for what in ("program", "method", "parameters"):
        assert halving[what] == grid[what]
    few = tmp_path / "few.yaml"
    few.write_text(yaml.safe_dump(halving | {"parameters": {"seed": {"values": [0, 1]}}}))
    assert [run.halving for run in plan([few]).runs] == [Halving(5, 3)] * 2


@pytest.mark.slow
def test_early_termination_is_refused_on_slurm(tmp_path):
    ended = run_here("npc", "sweep", "run", "sweeps/halving.yaml", "--backend", "slurm", f"runs={tmp_path / 'runs'}")
    assert ended.returncode == 2
    assert ended.stderr.startswith("npc: early_terminate: ")


@pytest.mark.slow
def test_runs_with_a_low_auc_stop_and_a_later_grid_resumes_them(tmp_path):
    file = sweep_file(tmp_path / "nine.yaml", **{"trainer.max_epochs": 6, "trainer.patience": 6,
                      "optimizer.lr": [0.01, 0.001, 0.0001], "seed": [0, 1, 2]})  # fmt: skip
    store = f"store={tmp_path / 'store'}"
    halving, runs = stopping(file, HALVING), f"runs={tmp_path / 'runs'}"
    done = npc("sweep", "run", halving, "--slots", 2, store, runs)
    assert done.returncode == 0, done.stdout + done.stderr
    status = json.loads(npc("sweep", "status", halving, runs, "--json").stdout)
    assert status["expected"] == 9 == status["done"] + status["stopped"]
    assert status["stopped"] >= 4
    assert f"complete: {status['done']} runs are done, {status['stopped']} were stopped early" in done.stdout
    whole = finished(tmp_path / "runs")
    assert len(whole) == status["done"] >= 1
    for run in status["runs"]:
        if run["state"] == "stopped":
            stop = json.loads(
                (tmp_path / "runs" / "phantom" / "cet1-max" / f".{run['run_key']}.stopped.json").read_text()
            )
            assert stop["epoch"] in (1, 3)

    again = npc("sweep", "run", halving, "--slots", 2, store, runs)
    assert again.returncode == 0
    assert finished(tmp_path / "runs").keys() == whole.keys()
    if status["done"] > 1:
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
