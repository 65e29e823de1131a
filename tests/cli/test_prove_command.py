"""`npc prove`: everything holds, and the parts would detect what does not."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from npc.prove.fit import digest
from npc.prove.noise import _row
from npc.prove.proof import all_hold, compared
from tests.commands import run_here


def test_a_value_that_changes_is_detected():
    before, after = {"weights": "a", "cut-off": "1"}, {"weights": "b", "cut-off": "1"}
    rows = compared("network", "run", before, after, same=True)
    assert [row["Holds"] for row in rows] == ["no", "yes"]
    assert not all_hold(rows)
    assert all_hold(compared("network", "run", before, before, same=True))
    assert all_hold(compared("network", "run", before, after, same=False))
    assert not all_hold(compared("network", "run", before, before, same=False))
    assert not all_hold(compared("network", "run", before, {"weights": "a"}, same=True))  # a value is missing
    assert not all_hold([])


def test_the_hash_depends_on_every_value_and_not_on_the_order():
    one = {"a": torch.tensor([1.0, 2.0]), "b": {"c": [1, "x"]}}
    assert digest(one) == digest({"b": {"c": [1, "x"]}, "a": torch.tensor([1.0, 2.0])})
    for other in (
        {**one, "a": torch.tensor([1.0, 2.00001])},
        {**one, "a": torch.tensor([1.0, 2.0], dtype=torch.float64)},
        {**one, "b": {"c": [1, "y"]}},
        {**one, "d": 0},
    ):
        assert digest(other) != digest(one)


@pytest.mark.parametrize(("significant", "holds"), [(10, "yes"), (25, "no"), (0, "no")])
def test_noise_that_is_significant_too_often_or_never_is_detected(significant, holds):
    p = np.array([0.01] * significant + [0.5] * (200 - significant))
    assert _row("AUC", p)["Holds"] == holds


@pytest.mark.slow
def test_all_of_it_holds(tmp_path: Path):
    done = run_here("npc", "prove", "--out", tmp_path / "proofs", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads((tmp_path / "proofs" / "proofs.json").read_text())
    assert json.loads(done.stdout) == found
    assert found["holds"]
    assert list(found["proofs"]) == ["fit", "choice", "noise"]
    fit = found["proofs"]["fit"]["rows"]
    assert {row["Of"].split(",")[0] for row in fit} == {"Deep learning", "Radiomic", "Frozen encoder"}
    altered = [row for row in fit if "training" in row["Of"] and row["What"] == "weights or coefficients"]
    assert len(altered) == 4
    assert all(row["Before"] != row["After"] for row in altered)
    page = (tmp_path / "proofs" / "index.html").read_text()
    for row in fit:
        assert row["Run"] in page
        assert row["After"] in page
