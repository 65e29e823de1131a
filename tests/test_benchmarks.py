"""What the benchmarks measure computes what it claims to."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch.optim.lr_scheduler import LambdaLR

from npc.signature.endpoints import Outcome
from npc.statistics.delong import delong

FOLDER = Path(__file__).parents[1] / "benchmarks"


def script(name: str) -> ModuleType:
    """A benchmark as a module; one can use another."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_step_of_the_gpu_benchmark_trains_as_an_eager_loop():
    """Rate, decay and counter are tensors in it, so that a CUDA graph can hold them."""
    gpu = script("gpu")
    step, plain = (gpu.Step(4, 1, 16, "cpu", False, "network=tiny") for _ in range(2))
    optimizer = torch.optim.RMSprop(plain.model.parameters(), lr=1e-4, alpha=0.9, eps=1e-7)
    schedule = LambdaLR(optimizer, lambda update: 1 / (1 + gpu.DECAY * update))
    for _ in range(5):
        step()
        optimizer.zero_grad()
        loss = plain.model.loss(plain.model.network(plain.slices.float() / 255), Outcome(*[plain.label] * 3))
        loss.backward()
        optimizer.step()
        schedule.step()
    assert float(step.loss) == pytest.approx(float(loss.detach()), rel=1e-5)
    for own, other in zip(step.model.parameters(), plain.model.parameters(), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-6)


def test_the_tables_of_recovery_compare_recipes_on_the_same_phantoms_only():
    """Volume was measured on both phantoms, the networks on the first alone."""
    columns = ["signal", "seed", "training_seed", "recipe", "auc", "oracle", "recovered"]
    one, ensemble = "one compact network", "ensemble of compact networks"
    rows = pd.DataFrame(
        [
            ("mixed", 1, 0, "volume", 0.6, 0.9, 0.25),
            ("mixed", 2, 0, "volume", 0.8, 0.9, 0.75),
            ("mixed", 1, 0, one, 0.7, 0.9, 0.5),
            ("mixed", 1, 1, one, 0.8, 0.9, 0.75),
            ("mixed", 1, 0, ensemble, 0.74, 0.9, 0.6),
            ("mixed", 1, 1, ensemble, 0.78, 0.9, 0.7),
        ],
        columns=columns,
    )
    tables = script("recovery_table")
    assert tables.recovered(rows).splitlines()[2:] == [
        "| mixed | ensemble of compact networks | 1 | 0.760 | 0.900 | 0.65 (0.65 to 0.65) "
        "| +0.160 (+0.160 to +0.160) |",
        "| mixed | one compact network | 1 | 0.750 | 0.900 | 0.62 (0.62 to 0.62) | +0.150 (+0.150 to +0.150) |",
        "| mixed | volume | 2 | 0.700 | 0.900 | 0.50 (0.35; 0.25 to 0.75) |  |",
    ]
    assert tables.spread(rows).splitlines()[2:] == [
        "| mixed | one compact network | 1 | 2 | 0.0707 | 0.177 |  |",
        "| mixed | ensemble of compact networks | 1 | 2 | 0.0283 | 0.071 | 0.40 (1) |",
    ]
    assert tables.spread(rows[rows["training_seed"] == 0]) == ""


@pytest.mark.slow
def test_in_a_single_fold_the_auc_of_pairs_within_folds_is_delongs():
    sts, rng = script("sts"), np.random.default_rng(1)
    label = pd.Series(rng.integers(0, 2, 30))
    risks = [pd.DataFrame({"fold": 1, "risk": np.round(rng.normal(size=30) + label, 1)}) for _ in range(2)]
    found = sts.within_folds(label, *({0: of} for of in risks))
    expected = delong(label, np.column_stack([of["risk"] for of in risks]))
    np.testing.assert_allclose(found.auc, expected.auc)
    np.testing.assert_allclose(found.covariance, expected.covariance)


@pytest.mark.slow
def test_a_risk_that_is_the_volume_within_each_fold_differs_from_it_by_nothing():
    """Each fold's signature has a scale of its own. Only repeats that all arms have are joined."""
    sts, rng = script("sts"), np.random.default_rng(0)
    patients = pd.Index([f"P{number}" for number in range(40)], name="patient_id")
    label = pd.Series(rng.integers(0, 2, 40), patients)
    volume = pd.Series(rng.normal(size=40) + label, patients)
    fold = pd.Series(np.tile(range(1, 6), 8), patients)
    draws = {draw: pd.DataFrame({"fold": fold, "risk": volume * fold + 100 * fold}) for draw in (0, 1)}
    assert sts.line("recipe", draws, label, volume).endswith("| +0.000 (+0.000 to +0.000) | 1.00 |")
    joined = sts.arms(dict.fromkeys(sts.ARM_RECIPES[1:], draws) | {sts.ARM_RECIPES[0]: {1: draws[1]}})
    assert sts.line("arms", joined, label, volume).startswith("| arms | 1 | ")
    assert sts.line("arms", joined, label, volume).endswith("| +0.000 (+0.000 to +0.000) | 1.00 |")


def test_auc_of_chance_is_as_wide_as_mann_and_whitney_say():
    """Their variance of U is m n (m + n + 1) / 12."""
    cohorts = script("power").Cohorts(20, 19, 0.5, 2000)
    aucs = [roc_auc_score(cohorts.label, noise[:, 0]) for noise in cohorts.noise]
    assert cohorts.by_chance() == pytest.approx(np.quantile(aucs, [0.025, 0.975]), abs=0.015)


def test_each_patient_has_a_risk_of_one_fold_and_a_feature_that_is_the_outcome_is_learned():
    noise, label = script("learned_noise"), pd.Series([0, 1] * 10)
    features = np.random.default_rng(0).normal(size=(20, 3))
    risks = noise.learned(features, label, 1)[0]
    assert sorted(risks["fold"].unique()) == [1, 2, 3, 4, 5]
    perfect = noise.learned(np.column_stack([features, 100 * label]), label, 1)
    assert noise.within_folds(label, perfect).auc[0] == 1


@pytest.mark.slow
def test_the_pipelines_that_are_compared_give_the_same_pixels(tmp_path):
    pipelines = script("pipelines")
    files, array = pipelines.write(tmp_path, 4, 32)
    pipelines.check_same(files, array, 32)


def test_every_section_of_the_page_is_a_script_that_is_there():
    sections = script("bench").SECTIONS
    assert all((FOLDER / section.words[0]).exists() for section in sections.values())


def test_a_section_that_is_measured_alone_takes_its_place_in_the_page(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\nold machine\n\n## Index of 750 finished runs\nold\n\n## DeLong's method\nold\n")
    bench = script("bench")
    kept = bench.parts(page.read_text())
    assert kept == {"Index of 750 finished runs": "## Index of 750 finished runs\nold\n",
                    "DeLong's method": "## DeLong's method\nold\n"}  # fmt: skip
    gone = bench.measured(bench.Section("Nothing", ("absent.py",)), False, 60)
    assert "Not measured:" in gone
    assert "No such file" in gone
