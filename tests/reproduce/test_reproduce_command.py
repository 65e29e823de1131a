"""`npc reproduce`: the whole study by one command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import run_here

FEW = {"n": 80, "external": 20, "matrix": 32, "readers": 0}  # no second contours: agreement takes minutes


def command(home: Path, *more: str):
    words = [f"runs={home}/runs", f"store={home}/store", "--reports", str(home / "reports")]
    return run_here("npc", "reproduce", *words, *more)


@pytest.mark.slow
def test_the_stages_are_listed_without_being_made(tmp_path: Path):
    done = command(
        tmp_path, f"cohort.root={tmp_path}", *(f"cohort.{name}={value}" for name, value in FEW.items()), "--dry-run"
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split("] ")[1] for line in lines[:2]] == [
        "check of the cohort: to be made", "look at every patient: to be made",
    ]  # fmt: skip
    assert sum("search, " in line for line in lines) == 6
    assert [line.split("] ")[1] for line in lines[-2:]] == [
        "maps of the leading network: to be made",
        "report: to be made",
    ]
    assert not (tmp_path / "runs").exists()


def test_an_unknown_grid_is_one_message(tmp_path: Path):
    done = command(tmp_path, "--grid", "huge")
    assert (done.returncode, done.stderr) == (2, "npc: --grid huge: must be one of smoke, paper\n")


def test_several_regions_are_refused_before_anything_is_made(tmp_path: Path):
    done = command(tmp_path, "+cohort.rois.tumour=1", "+cohort.rois.node=2", "region=tumour+node")
    assert done.returncode == 2
    assert "npc reproduce studies one region" in done.stderr


@pytest.mark.slow
def test_the_study_is_made_once_and_resumes_after_a_change(tmp_path: Path, drawn: Callable[..., Path]):
    """Of a cohort with one sequence, which has two variants; where the runs are made is no reason to repeat them."""
    table = ["cohort=table", f"cohort.root={drawn(**FEW)}", "cohort.sequences=[cet1]", "cohort.size=32"]
    done = command(tmp_path, *table, "--slots", "1")
    assert done.returncode == 0, done.stderr
    reports = tmp_path / "reports"
    found = json.loads((reports / "table" / "results.json").read_text())
    assert {"all_arms", "ensemble", "deep_learning", "radiomic", "frozen"} <= set(found["models"])
    assert {(row["method"], row["slices"]) for row in found["table3"]} == {
        ("deep_learning", "max"), ("deep_learning", "three"), ("ensemble", "three"), ("radiomic", "three"),
        ("frozen", "all"),
    }  # fmt: skip
    assert json.loads((reports / "table-explained" / "results.json").read_text())["maps"]
    assert "There are no maps yet" not in (reports / "table" / "report.html").read_text()
    again = command(tmp_path, *table, "--slots", "1")
    assert again.stdout.splitlines()[-1] == "nothing had to be done"
    (reports / "table" / "report.html").unlink()
    listed = command(tmp_path, *table, "--dry-run").stdout.splitlines()
    assert [line.split("] ")[1] for line in listed if "to be made" in line] == ["report: to be made"]
