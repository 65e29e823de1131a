"""`npc sweep report` as a user types it, over run folders that match the plan of a sweep file."""

import json

import pandas as pd
import pytest
from PIL import Image

from npc.sweep.plan import plan
from tests.commands import run_here
from tests.prognosis.run_folders import population, predictions
from tests.sweep.commands import sweep_file


@pytest.fixture
def sweep(tmp_path):
    """A grid of four settings, three of them done."""
    file = sweep_file(tmp_path / "grid.yaml", **{"optimizer.lr": [0.1, 0.01], "batch_size": [8, 16]})
    runs = f"runs={tmp_path / 'runs'}"
    planned = plan([file], [runs]).runs
    for i, run in enumerate(planned[:3]):
        run.folder.mkdir(parents=True)
        predictions(population(200, seed=2), seed=i).to_csv(run.folder / "predictions.csv", index=False)
        choices = f"batch_size: {run.choices['batch_size']}\noptimizer:\n  lr: {run.choices['optimizer.lr']}\n"
        (run.folder / "config.yaml").write_text(choices)
        (run.folder / "DONE").write_text("")
    return file, runs, planned


@pytest.mark.slow
def test_the_report_covers_the_complete_runs(sweep, tmp_path):
    file, runs, planned = sweep
    ended = run_here("npc", "sweep", "report", file, runs, "--reports", tmp_path / "reports", "--draws", 200)
    assert ended.returncode == 0, ended.stderr
    assert "not complete: 3 of 4 runs are done" in ended.stdout
    folder = tmp_path / "reports" / "phantom-search"
    assert str(folder / "report.html") in ended.stdout
    found = json.loads((folder / "results.json").read_text())
    assert (found["expected"], found["done"]) == (4, 3)
    one = found["search"]["deep_learning/cet1-max"]
    assert {setting["run_key"] for setting in one["settings"]} == {run.key for run in planned[:3]}
    for setting in one["settings"]:
        run = next(run for run in planned if run.key == setting["run_key"])
        assert setting["choices"] == dict(run.choices)
    assert f"its AUC {one['auc']:.3f}" in ended.stdout
    settings = pd.read_csv(folder / "tables" / "search_settings.csv")
    assert settings["validation_auc"].tolist() == [setting["auc"] for setting in one["settings"]]
    with Image.open(folder / "figures" / "search_cet1-max.png") as picture:
        assert picture.width > 2000
    assert "AUC of the choice" in (folder / "report.html").read_text()

    again = run_here("npc", "sweep", "report", file, runs, "--reports", tmp_path / "reports", "--draws", 200, "--json")
    assert json.loads(again.stdout) == found


@pytest.mark.slow
def test_a_report_without_a_complete_run_is_refused(sweep, tmp_path):
    ended = run_here("npc", "sweep", "report", sweep[0], f"runs={tmp_path / 'none'}", "--reports", tmp_path / "reports")
    assert ended.returncode == 2
    assert ended.stderr.strip() == "npc: none of the 4 runs is done; npc sweep run makes them"
    assert not (tmp_path / "reports").exists()


def test_a_report_of_a_single_run_is_refused(sweep, tmp_path):
    file = sweep_file(tmp_path / "one.yaml", **{"optimizer.lr": 0.1, "batch_size": 8})
    ended = run_here("npc", "sweep", "report", file, sweep[1], "--reports", tmp_path / "reports")
    assert ended.returncode == 2
    assert "nothing was chosen" in ended.stderr


@pytest.mark.slow
def test_faults_of_all_predictions_are_reported_at_once(sweep, tmp_path):
    for run in sweep[2][:2]:
        (run.folder / "predictions.csv").unlink()
    ended = run_here("npc", "sweep", "report", sweep[0], sweep[1], "--reports", tmp_path / "reports")
    assert ended.returncode == 2
    for run in sweep[2][:2]:
        assert f"{run.folder / 'predictions.csv'} is missing" in ended.stderr
