"""Every hospital is the test cohort once: one command, a run for each, and their report."""

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests import three_sequences
from tests.commands import ROOT, run_here

PAGE = (ROOT / "docs" / "cohort.md").read_text()


@pytest.fixture(scope="module")
def folder(drawn, tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("centres") / "cohort"
    three_sequences.write(drawn(n=40, external=12, matrix=32, readers=0), home)
    return home


@pytest.fixture(scope="module")
def words(folder) -> list[str]:
    return ["cohort=table", f"cohort.root={folder}", "cohort.name=ours", f"runs={folder.parent}/runs"]


@pytest.fixture(scope="module")
def train(folder, words):
    tiny = ["network=tiny", "preprocess.size=32", "split.validation=0.4", "trainer=cpu", "trainer.max_epochs=1"]
    return lambda *more: run_here("train.py", *words, *tiny, f"store={folder.parent}/store", *more)


@pytest.fixture(scope="module")
def trained(train):
    return train("split=leave_one_centre_out")


def runs(folder: Path) -> list[Path]:
    return sorted(done.parent for done in (folder.parent / "runs").glob("ours/cet1-max/*/DONE"))


@pytest.mark.slow
def test_each_hospital_is_the_test_cohort_of_one_run(trained, folder):
    assert trained.returncode == 0, trained.stderr
    patients = pd.read_csv(folder / "patients.csv", dtype=str).set_index("patient_id")
    tested = {}
    for run in runs(folder):
        split = pd.read_csv(run / "splits.csv", dtype=str).set_index("patient_id")["split"]
        assert split.index.sort_values().equals(patients.index.sort_values())
        (hospital,) = set(patients.loc[split.index[split == "test"], "centre"])
        assert set(patients.loc[split.index[split != "test"], "centre"]) == {"A", "B", "C"} - {hospital}
        tested[hospital] = run
    assert set(tested) == {"A", "B", "C"}


@pytest.mark.slow
def test_a_second_call_repeats_nothing(trained, train, folder):
    before = {run: (run / "predictions.csv").stat().st_mtime_ns for run in runs(folder)}
    again = train("split=leave_one_centre_out")
    assert again.stdout.count("is complete; force=true runs it again") == 3
    assert {run: (run / "predictions.csv").stat().st_mtime_ns for run in runs(folder)} == before
    one = train("split=leave_one_centre_out", "split.test=[B]")  # as on a cluster, hospital by hospital
    assert one.stdout.count("is complete") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("coarse")
def test_the_report_has_each_hospital_and_all_together(trained, words, folder):
    reports = folder.parent / "reports"
    (command,) = commands("evaluate.py")
    _, *more = shlex.split(command.replace("DIR", str(folder)))
    found = run_here("evaluate.py", *words, *more, f"reports={reports}", "report.bootstrap=100")
    assert found.returncode == 0, found.stderr
    (variant,) = json.loads((reports / "ours" / "results.json").read_text())["leave_one_centre_out"]
    patients = pd.read_csv(folder / "patients.csv")
    assert {of["centre"]: of["n"] for of in variant["centres"]} == patients["centre"].value_counts().to_dict()
    events = patients.groupby("centre")["dm_event"].sum().to_dict()
    assert {of["centre"]: of["events"] for of in variant["centres"]} == events
    assert (variant["without_run"], variant["pooled"]["log_odds"]["df"]) == ([], 2)
    assert variant["pooled"]["ci"][0] < variant["pooled"]["auc"] < variant["pooled"]["ci"][1]
    low, high = variant["pooled"]["prediction"]
    assert low <= variant["pooled"]["ci"][0]
    assert high >= variant["pooled"]["ci"][1]
    table = pd.read_csv(reports / "ours" / "tables" / "centres.csv")
    assert table["Hospital"].tolist() == [
        "A",
        "B",
        "C",
        "pooled",
        "prediction interval",
        "difference between hospitals",
    ]
    for file in ("report.html", "figures/centres_deep_learning_cet1-max.png"):
        assert (reports / "ours" / file).exists()


@pytest.mark.slow
def test_the_report_of_other_runs_does_not_mix_them_in(trained, words, folder):
    found = run_here("evaluate.py", *words, f"reports={folder.parent}/reports")
    assert found.returncode == 2
    assert "there is no finished run; train one" in found.stderr


@pytest.mark.slow
def test_hospitals_that_neither_develop_nor_test_are_named(train, folder):
    done = train("split.development=A", "split.test=[C]")
    assert done.returncode == 0, done.stderr
    assert "note: B (10 patients) neither develops nor tests" in done.stderr
    (run,) = [of for of in runs(folder) if "by: by_centre" in (of / "config.yaml").read_text()]
    left_out = pd.read_csv(run / "exclusions.csv")
    assert set(left_out["centre"]) == {"B"}
    assert set(left_out["reason"]) == {"hospital neither in split.development nor in split.test"}


def commands(script: str) -> list[str]:
    """Those of the sections on sequences and hospitals."""
    section = PAGE.split("## Sequences")[1].split("## Images")[0]
    return re.findall(rf"^(?:python )?({script} .*)$", section, re.MULTILINE)


VARIANTS = {"t1+cet1": "cet1+t1", "t1+t2+cet1": "cet1+t2+t1", "cet1+t2": "both"}  # what the page says of their folders


@pytest.mark.slow
@pytest.mark.parametrize("command", commands("train.py"))
def test_the_commands_of_the_page_train(command, train, trained, folder):
    _, *more = shlex.split(command.replace("DIR", str(folder)))
    done = train(*more)
    assert done.returncode == 0, done.stderr
    (sequences,) = [word.partition("=")[2] for word in more if word.startswith("sequence=")] or ["cet1"]
    variant = folder.parent / "runs" / "ours" / f"{VARIANTS.get(sequences, sequences)}-max"
    configs = [run.with_name("config.yaml").read_text() for run in variant.glob("*/DONE")]
    asked = "stratify: false" if "split.stratify=false" in more else "stratify: true"
    assert any(asked in config for config in configs)


@pytest.mark.slow
@pytest.mark.parametrize("command", commands("npc cohort flow"))
def test_who_is_left_out_is_counted_before_any_training(command, folder, tmp_path):
    rows = pd.read_csv(folder / "patients.csv", dtype=str)
    home = shutil.copytree(folder, tmp_path / "cohort", copy_function=os.link)
    for sequence, lacking in {"t2": slice(0, 3), "t1": slice(1, 5)}.items():
        rows.loc[rows.index[lacking], [f"{sequence}_image", f"{sequence}_mask"]] = None
    (home / "patients.csv").unlink()  # the link, not the file of the other tests
    rows.to_csv(home / "patients.csv", index=False)
    words = shlex.split(command.replace("DIR", str(home)))
    done = run_here(*words, "--json", "--reports", tmp_path)
    assert done.returncode == 0, done.stderr
    left_out = pd.read_csv(tmp_path / "table-flow" / "tables" / "exclusions.csv")
    assert len(left_out) == (5 if "exclude_any" in command else 3)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["split=leave_one_centre_out", "split.test=[D]"], "split.test: there is no centre 'D'; choose one of A, B, C"),
        (["split.development=[A,B]", "split.test=[B]"], "split.development and split.test both name B"),
        (["split=random", "split.stratify=true"], "split.stratify=true: split=random is always stratified"),
        (["split.development=[true]"], "must be a hospital, or a list of hospitals"),
        (["split.test=true"], "must be a share of the patients, or a list of hospitals"),
    ],
)
def test_hospitals_that_cannot_be_used_end_with_one_message(train, more, message):
    done = train(*more)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
