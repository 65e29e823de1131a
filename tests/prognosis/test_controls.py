"""Whether a signature knows more than a ruler: cohorts of known truth, and runs as they stand in a folder."""

import numpy as np
import pandas as pd
import pytest

from npc.prognosis.controls import MORE, NO_MORE, UNKNOWN, Controls, controls
from npc.prognosis.runs import read_run
from npc.statistics import NotEstimable
from tests.prognosis.run_folders import write_run

LOG_HAZARD = 1.9  # of a standard deviation of what the images show, as in the phantom


def simulated(folder, seed: int, *, of: str, n: int = 233, noise: float = 0.3, volume=lambda z: np.exp(3 + 0.9 * z)):
    """A finished run, with out-of-fold risks, of patients whose hazard depends on `size` or on `texture` alone.

    The signature reads that part with some noise; each fold's has a scale of its own. A quarter of the patients has the
    event.
    """
    rng = np.random.default_rng(seed)
    size, texture = rng.standard_normal((2, n))
    part = size if of == "size" else texture
    metastasis = rng.exponential(1 / np.exp(LOG_HAZARD * part))
    end = np.quantile(metastasis, 0.25) * rng.uniform(0.5, 2, n)
    split = np.repeat(["train", "validation", "test"], [169, 19, n - 188])
    table = pd.DataFrame({
        "patient_id": [f"P{i}" for i in range(n)], "split": split, "label": (metastasis <= end).astype(int),
        "time": np.minimum(metastasis, end) * 12, "event": (metastasis <= end).astype(int),
        "risk": 1 / (1 + np.exp(-part - noise * rng.standard_normal(n))),
    })  # fmt: skip
    path = write_run(folder, table, key=f"{seed:012d}")
    training = table[table["split"] == "train"].assign(fold=lambda rows: 1 + np.arange(len(rows)) % 5)
    training.assign(risk=training["risk"] / training["fold"]).to_csv(path / "out_of_fold.csv", index=False)
    sizes = pd.DataFrame({"patient_id": table["patient_id"], "sequence": "cet1", "volume": volume(size)})
    sizes.assign(area=sizes["volume"] ** (2 / 3)).to_csv(path / "outlines.csv", index=False)
    return table.set_index("patient_id"), read_run(path)


def verdicts(folder, of: str) -> list[str]:
    found = [controls(*simulated(folder, seed, of=of)) for seed in range(100)]
    assert all(isinstance(one, Controls) for one in found)
    return [one.verdict for one in found]


@pytest.mark.slow
def test_where_size_is_all_there_is_it_is_rarely_more_than_volume(tmp_path):
    found = verdicts(tmp_path, "size")
    assert found.count(MORE) <= 5


@pytest.mark.slow
def test_where_texture_decides_it_is_more_than_volume(tmp_path):
    found = verdicts(tmp_path, "texture")
    assert found.count(MORE) >= 80


@pytest.mark.slow
@pytest.mark.parametrize("shape", [lambda z: np.exp(np.exp(0.5 * z)), lambda z: np.exp(-np.exp(-0.5 * z))])
def test_whatever_the_distribution_of_the_volume_a_ruler_is_a_ruler(tmp_path, shape):
    """The signature is a function of the volume with hardly any noise; its hazard is not linear in log volume."""
    found = [controls(*simulated(tmp_path, seed, of="size", volume=shape, noise=0.01)) for seed in range(20)]
    assert [one.verdict for one in found].count(MORE) <= 2


def test_a_signature_that_is_the_volume_knows_no_more(tmp_path):
    assert controls(*simulated(tmp_path, 0, of="size", noise=0)).verdict == NO_MORE


def test_one_outline_for_two_sequences_is_one_ruler(tmp_path):
    patients, run = simulated(tmp_path, 1, of="texture")
    one = controls(patients, run)
    table = pd.read_csv(run.path / "outlines.csv")
    pd.concat([table, table.assign(sequence="t2")]).to_csv(run.path / "outlines.csv", index=False)
    assert controls(patients, run).added.test.chi2 == pytest.approx(one.added.test.chi2)


@pytest.mark.slow
def test_large_cohorts_can_show_that_there_is_no_more_than_volume(tmp_path):
    found = [controls(*simulated(tmp_path, seed, of="size", n=2000)) for seed in range(8)]
    assert [one.verdict for one in found].count(NO_MORE) >= 7
    assert max(one.volume["test"].test.difference for one in found) < 0.02
    assert min(one.correlation for one in found) > 0.8
    assert controls(*simulated(tmp_path, 9, of="texture")).verdict == MORE


def test_without_out_of_fold_risks_only_the_test_cohort_is_held_out(tmp_path):
    patients, run = simulated(tmp_path, 1, of="texture")
    together = controls(patients, run)
    run.out_of_fold.unlink()
    alone = controls(patients, run)
    assert (together.held_out, alone.held_out) == (("train", "test"), ("test",))
    assert alone.events == patients.query("split == 'test'")["event"].sum() < together.events


def test_few_events_are_no_proof(tmp_path):
    patients, run = simulated(tmp_path, 2, of="size")
    run.out_of_fold.unlink()
    found = controls(patients.query("split == 'test'").head(20), run)
    assert found.sentence() == f"{UNKNOWN} with {found.events} events"


def test_without_held_out_patients_nothing_can_be_told(tmp_path):
    patients, run = simulated(tmp_path, 3, of="size")
    run.out_of_fold.unlink()
    found = controls(patients[patients["split"] != "test"], run)
    assert found.verdict == UNKNOWN
    assert "no test cohort" in str(found.added)


def test_a_run_of_an_earlier_version_says_how_to_get_its_sizes(tmp_path):
    patients, run = simulated(tmp_path, 4, of="size")
    (run.path / "outlines.csv").unlink()
    assert f"refit={run.path} controls=true" in str(controls(patients, run))
    assert isinstance(controls(patients, run), NotEstimable)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("patient_id,sequence\nP0,cet1\n", "can't be read as sizes"),
        ("patient_id,sequence,volume,area\nP0,cet1,1,1\n", "can't be read as sizes"),
        ("", "can't be read as sizes"),
        ("0", "a size is not a positive number"),
        ("inf", "a size is not a positive number"),
    ],
)
def test_sizes_that_cannot_be(tmp_path, content, message):
    patients, run = simulated(tmp_path, 5, of="size")
    file = run.path / "outlines.csv"
    if content in ("0", "inf"):
        content = pd.read_csv(file).assign(volume=content).to_csv(index=False)
    file.write_text(content)
    found = controls(patients, run)
    assert isinstance(found, NotEstimable)
    assert message in str(found)
    assert str(file) in str(found)


def test_out_of_fold_risks_that_cannot_be_read_are_named(tmp_path):
    patients, run = simulated(tmp_path, 6, of="size")
    run.out_of_fold.write_text("patient_id,risk\nP0,1\n")
    assert str(run.out_of_fold) in str(controls(patients, run))
