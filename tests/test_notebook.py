"""The notebooks run from start to end, and show their figures."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from tests.prognosis.run_folders import population, predictions, write_run

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ABLATIONS = NOTEBOOKS / "ablations.ipynb"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "pictures"),
    [("ablations", 2), ("first_result", 3), ("own_hospital", 2), ("what_the_phantom_teaches", 4)],
)
def test_a_notebook_runs_and_shows_its_figures(name: str, pictures: int, tmp_path: Path):
    for seed, variant in enumerate(("cet1-max", "t2-max", "both-three")):
        write_run(tmp_path / "runs", predictions(population(200), seed=seed), variant=variant)
    notebook = NOTEBOOKS / f"{name}.ipynb"
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", str(notebook)]
    environment = os.environ | {
        "NPC_RUNS": str(tmp_path / "runs"), "NPC_COHORT": "ours", "NPC_NOTEBOOKS": str(tmp_path / "made"),
    }  # fmt: skip
    done = subprocess.run(
        [*command, "--output-dir", str(tmp_path)], env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / notebook.name).read_text())["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == pictures
    assert not [output for output in outputs if output["output_type"] == "error"]
    printed = "".join("".join(output.get("text", "")) for output in outputs)
    assert "npc: " not in printed.replace("npc: note", "")  # the messages of commands that fail


def test_the_notebook_names_the_signature_of_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two variants with the same AUC; the second has the lower loss."""
    patients = population(200)
    surer = predictions(patients, strength=9)
    write_run(tmp_path, surer.assign(risk=0.4 + surer["risk"] / 10), variant="cet1-max")
    write_run(tmp_path, surer, variant="t2-max")
    monkeypatch.setenv("NPC_RUNS", str(tmp_path))
    monkeypatch.setenv("NPC_COHORT", "ours")
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    cells = json.loads(ABLATIONS.read_text())["cells"]
    names: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    chosen = choose(finished_runs(tmp_path, "ours")[0]).signature("deep_learning")
    assert names["lead"] == chosen.variant == "t2-max"


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(notebook: Path):
    cells = json.loads(notebook.read_text())["cells"]
    assert all(not cell.get("outputs") for cell in cells)
