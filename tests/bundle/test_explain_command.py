"""`npc explain` as a user gives it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch

from tests.commands import run_here
from tests.signature.tiny_runs import FinishedRun, Shared

pytestmark = pytest.mark.usefixtures("coarse")


@pytest.mark.slow
def test_maps_of_the_highest_and_lowest_risks(
    model: Path, elsewhere: Path, run: FinishedRun, shared: Shared, tmp_path: Path
):
    words = ("cohort=table", f"cohort.root={elsewhere}", f"store={shared.store}")
    done = run_here("npc", "explain", model, *words, "-o", tmp_path, "--shown", 1)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "tables" / "maps.csv", dtype={"patient_id": str}).set_index("patient_id")
    risk = run.predictions["risk"]
    assert list(table.index) == [risk.idxmax(), risk.idxmin()]
    assert table["risk"].to_numpy() == pytest.approx(risk[table.index].to_numpy(), abs=1e-6)
    page = (tmp_path / "report.html").read_text()
    assert "A map is no proof" in page
    assert (tmp_path / "figures" / "maps.svg").exists()


@pytest.mark.slow
def test_the_maps_stand_beside_those_of_permuted_outcomes(
    run: FinishedRun, elsewhere: Path, shared: Shared, tmp_path: Path
):
    copy = shutil.copytree(run.path, tmp_path / run.path.name)
    (copy / "controls").mkdir(exist_ok=True)
    (copy / "controls" / "shuffled_outcomes.ckpt").write_text("of an earlier npc, with the seed of the run: not read")
    given = (copy, "cohort=table", f"cohort.root={elsewhere}", f"store={shared.store}", "--shown", 1, "--permuted")
    done = run_here("npc", "explain", *given, "-o", tmp_path / "first")
    assert done.returncode == 0, done.stderr
    assert "a network of permuted outcomes" in done.stderr
    table = pd.read_csv(tmp_path / "first" / "tables" / "maps.csv")
    assert table["correlation_permuted_outcomes"].between(-1, 0.999).all()
    assert not table["correlation_permuted_outcomes"].equals(table["correlation_random_weights"])
    assert "Permuted outcomes" in (tmp_path / "first" / "figures" / "maps.svg").read_text()
    kept = torch.load(copy / "controls" / "permuted_outcomes.ckpt", weights_only=True)
    assert kept["epoch"] + 1 == json.loads((copy / "metrics.json").read_text())["best_epoch"]
    again = run_here("npc", "explain", *given, "-o", tmp_path / "again")
    assert "permuted outcomes" not in again.stderr  # the network is kept
    assert table.equals(pd.read_csv(tmp_path / "again" / "tables" / "maps.csv"))


@pytest.mark.slow
@pytest.mark.parametrize("slices", ["max", "all"])
def test_maps_of_learned_filters(slices: str, trained, elsewhere: Path, shared: Shared, tmp_path: Path):
    """Their last stage is the map of their responses, and random weights are other filters."""
    run = trained("network=filters", f"slices={slices}", "endpoint=cox")
    words = ("cohort=table", f"cohort.root={elsewhere}", f"store={shared.store}", "--shown", 1)
    done = run_here("npc", "explain", run.path, *words, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "tables" / "maps.csv")
    assert table["correlation_random_weights"].between(-1, 0.999).all()
    assert table.notna().all(axis=None), table


def test_a_bundle_trains_nothing(model: Path, elsewhere: Path):
    done = run_here("npc", "explain", model, "cohort=table", f"cohort.root={elsewhere}", "--permuted")
    assert done.returncode == 2
    assert "a bundle holds no training patient" in done.stderr


def test_a_patient_who_is_not_there_is_named(model: Path, elsewhere: Path, shared: Shared):
    words = ("cohort=table", f"cohort.root={elsewhere}", f"store={shared.store}")
    done = run_here("npc", "explain", model, *words, "--patients", "nobody")
    assert done.returncode == 2
    assert "--patients: the cohort has no nobody" in done.stderr
