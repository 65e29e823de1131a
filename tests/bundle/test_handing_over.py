"""docs/handing_over.md: its commands and its Python work as shown."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from npc.validation.aggregate import aggregate
from tests.commands import ROOT, run_here
from tests.signature.tiny_runs import FinishedRun, Shared
from tests.validation.hospitals import BUNDLE, drawn, measured

pytestmark = pytest.mark.usefixtures("coarse")

PAGE = (ROOT / "docs" / "handing_over.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.strip().splitlines()]


@pytest.fixture(scope="module")
def place(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model and the aggregates of two hospitals."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(model, folder / "model.npc.zip")
    for name, seed in (("a", 1), ("b", 2)):
        (folder / f"{name}.json").write_text(json.dumps(aggregate(BUNDLE, measured(drawn(seed)))))
    return folder


@pytest.fixture(scope="module")
def with_outcomes(shared: Shared, run: FinishedRun) -> Path:
    return shared.table


def typed(command: str, place: Path, run: FinishedRun, cohort: Path, store: Path) -> list[str]:
    row = pd.read_csv(cohort / "patients.csv", dtype=str).iloc[0]
    places = {
        "RUN": str(run.path), "DIR": str(cohort), "IMAGE": str(cohort / row["cet1_image"]),
        "OUTLINE": str(cohort / row["cet1_mask"]),
    }  # fmt: skip
    words = [re.sub("|".join(places), lambda found: places[found[0]], word) for word in command.split()[1:]]
    ours = re.compile(r"[a-z]+\.json|.*\.npc\.zip|predictions|validation|pooled|explained")
    words = [str(place / word) if ours.fullmatch(word) else word for word in words]
    return [*words, *([f"store={store}"] if any(word.startswith("cohort=") for word in words) else [])]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(line, marks=pytest.mark.slow if "--image" not in line else ())
        for line in COMMANDS
        if "--report" not in line and "npc validate model" not in line and "npc challenge" not in line
    ],
)
def test_every_command_of_the_page_works(
    command: str, place: Path, run: FinishedRun, with_outcomes: Path, shared: Shared
):
    done = run_here("npc", *typed(command, place, run, with_outcomes, shared.store))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def validated(place: Path, run: FinishedRun, with_outcomes: Path, shared: Shared) -> Path:
    (command,) = [line for line in COMMANDS if "npc validate model" in line]
    words = typed(command.replace("-o validation", "-o measured"), place, run, with_outcomes, shared.store)
    done = run_here("npc", *words[:-2], place / "measured", words[-1], "--draws", 100)
    assert done.returncode == 0, done.stderr
    return place / "measured"


@pytest.mark.slow
def test_the_validation_holds_every_figure_and_its_aggregate_no_patient(validated: Path, run: FinishedRun):
    folder = validated
    results = json.loads((folder / "results.json").read_text())
    assert results["auc"]["n"] == 60
    assert {"concordance", "calibration", "net_benefit", "survival", "classification", "recalibration"} <= set(results)
    assert {path.name for path in folder.iterdir()} == {
        "results.json", "tables", "figures", "report.html", "aggregate.json", "predictions.csv", "warnings.csv",
        "provenance.json",
    }  # fmt: skip
    told = (folder / "aggregate.json").read_text()
    assert json.loads(told)["patients"] == 60
    assert not any(str(patient) in told for patient in run.predictions.index)
    assert (folder.parent / "model.npc.zip.ledger.json").exists()


@pytest.mark.slow
def test_one_patient_less_gives_no_second_aggregate(
    validated: Path, place: Path, with_outcomes: Path, shared: Shared, run: FinishedRun
):
    words = typed("npc validate model.npc.zip cohort=table cohort.root=DIR", place, run, with_outcomes, shared.store)
    left_out = run.predictions.index[0]
    given = (*words, f"+cohort.exclude={{{left_out}: withdrawn}}", "-o", place / "again", "--draws", 100)
    done = run_here("npc", *given)
    assert done.returncode == 2
    assert "was written that has 59 of these patients, so the two would tell of single patients" in done.stderr
    assert not (place / "again" / "aggregate.json").exists()
    assert run_here("npc", *given, "--replace").returncode == 0
    assert json.loads((place / "again" / "aggregate.json").read_text())["patients"] == 59


def test_the_python_of_the_page_works(place: Path, with_outcomes: Path, capsys: pytest.CaptureFixture):
    code, _ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)  # the other is in test_other_tools.py
    row = pd.read_csv(with_outcomes / "patients.csv", dtype=str).iloc[0]
    for name, path in (
        ("model.npc.zip", place / "model.npc.zip"),
        ("cet1.nii.gz", with_outcomes / row["cet1_image"]),
        ("cet1_mask.nii.gz", with_outcomes / row["cet1_mask"]),
    ):
        code = code.replace(f'"{name}"', f'"{path}"')
    exec(code, {})
    assert re.search(r"0\.\d+ (low|high) risk \{36: 0\.\d+, 60: 0\.\d+\}", capsys.readouterr().out)
