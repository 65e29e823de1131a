"""`npc explain` as a user gives it."""

from pathlib import Path

import pandas as pd
import pytest

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


def test_a_patient_who_is_not_there_is_named(model: Path, elsewhere: Path, shared: Shared):
    words = ("cohort=table", f"cohort.root={elsewhere}", f"store={shared.store}")
    done = run_here("npc", "explain", model, *words, "--patients", "nobody")
    assert done.returncode == 2
    assert "--patients: the cohort has no nobody" in done.stderr
