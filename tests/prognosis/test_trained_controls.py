"""A signature beside the controls that were trained with its run, and what is said of a damaged file."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from npc.prognosis.runs import Run, read_run
from npc.prognosis.trained_controls import permuted_outcomes, trained_controls
from npc.statistics import NotEstimable
from tests.prognosis.run_folders import population, predictions, write_run


@pytest.fixture
def patients() -> pd.DataFrame:
    return population()


@pytest.fixture
def run(tmp_path, patients) -> Run:
    """A good signature with a poor control, `shape`, and ten permutations, on the test cohort .05 to .95."""
    path = write_run(tmp_path, predictions(patients, strength=2))
    control(path, predictions(patients, strength=0.1, seed=1))
    rows = [
        {"permutation": n, "split": split, "auc": n / 10 - 0.05}
        for n in range(1, 11)
        for split in ("test", "validation")
    ]
    pd.DataFrame(rows).to_csv(path / "controls" / "outcomes.csv", index=False)
    return read_run(path)


def control(path, table, name: str = "shape") -> None:
    (path / "controls").mkdir(exist_ok=True)
    table[["patient_id", "split", "risk"]].to_csv(path / "controls" / f"{name}.csv", index=False)


def out_of_fold(folder, table) -> pd.Series:
    folder.mkdir(exist_ok=True)
    training = table[table["split"] == "train"].assign(fold=1)
    training[["patient_id", "fold", "risk"]].to_csv(folder / "out_of_fold.csv", index=False)
    return training["risk"].to_numpy()


def test_the_signature_is_compared_with_the_control_in_each_cohort(run, patients):
    found = trained_controls(patients, run)
    assert list(found) == ["shape"]
    table = pd.read_csv(run.path / "controls" / "shape.csv", index_col="patient_id")
    for split, rows in patients.groupby("split"):
        against = found["shape"].against[split]
        assert against.auc == pytest.approx(roc_auc_score(rows["label"], table.loc[rows.index, "risk"]))
        signature = roc_auc_score(rows["label"], run.predictions.loc[rows.index, "risk"])
        assert against.test.difference == pytest.approx(signature - against.auc)
    assert found["shape"].against["train"].test.p < 0.001


def test_training_patients_are_compared_out_of_fold_only_where_both_have_such_risks(run, patients):
    label = patients["label"][patients["split"] == "train"]
    in_sample = trained_controls(patients, run)["shape"].against["train"]
    out_of_fold(run.path, predictions(patients, strength=0.5, seed=2))
    found = trained_controls(patients, run)["shape"]
    assert (found.out_of_fold, found.against["train"]) == (False, in_sample)
    other = out_of_fold(run.path / "controls" / "shape", predictions(patients, strength=0.3, seed=3))
    found = trained_controls(patients, run)["shape"]
    assert found.out_of_fold
    assert found.against["train"].auc == pytest.approx(roc_auc_score(label, other))
    assert found.against["train"].test.difference != in_sample.test.difference


def test_the_null_distribution_of_the_auc(run, patients):
    """Of 10 permutations two reach .85: P = 3 / 11."""
    risk = run.predictions["risk"]
    found = permuted_outcomes(patients, run)
    assert list(found) == ["validation", "test"]
    for split, one in found.items():
        rows = patients[patients["split"] == split]
        observed = roc_auc_score(rows["label"], risk[rows.index])
        null = np.arange(1, 11) / 10 - 0.05
        assert (one.permutations, one.auc) == (10, pytest.approx(0.5))
        assert one.p == pytest.approx((1 + (null >= observed).sum()) / 11)
        assert one.difference == pytest.approx(observed - 0.5)


def test_a_run_without_trained_controls_has_none(tmp_path, patients):
    run = read_run(write_run(tmp_path, predictions(patients)))
    assert (trained_controls(patients, run), permuted_outcomes(patients, run)) == ({}, {})


def damaged(path, table, how: str) -> None:
    match how:
        case "empty":
            (path / "controls" / "shape.csv").write_text("")
        case "columns":
            control(path, table)
            (path / "controls" / "shape.csv").write_text("patient_id,split\nP000,train\n")
        case "patients":
            control(path, table.iloc[1:])
        case "twice":
            control(path, pd.concat([table, table.iloc[:1]]))
        case "split":
            control(path, table.assign(split="test"))
        case "nan":
            control(path, table.assign(risk=np.nan))
        case "words":
            control(path, table.assign(risk="high"))


@pytest.mark.parametrize("how", ["empty", "columns", "patients", "twice", "split", "nan", "words"])
def test_a_damaged_control_is_named_with_what_to_do(run, patients, how):
    damaged(run.path, predictions(patients), how)
    found = trained_controls(patients, run)["shape"]
    assert isinstance(found, NotEstimable)
    assert str(run.path / "controls" / "shape.csv") in str(found)
    assert f"refit={run.path} controls=true" in str(found)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "permutation\n1\n",
        "permutation,split,auc\n1,test,7\n",
        "permutation,split,auc\n1,test,.5\n1,test,.6\n",
        "permutation,split,auc\n1,test,x\n",
    ],
)
def test_damaged_permutations_are_named_with_what_to_do(run, patients, content):
    file = run.path / "controls" / "outcomes.csv"
    file.write_text(content)
    found = permuted_outcomes(patients, run)["test"]
    assert isinstance(found, NotEstimable)
    assert str(file) in str(found)


def test_a_cohort_without_permutations_is_not_estimable(run, patients):
    (run.path / "controls" / "outcomes.csv").write_text("permutation,split,auc\n1,validation,0.5\n1,test,\n")
    found = permuted_outcomes(patients, run)
    assert found["validation"].permutations == 1
    assert isinstance(found["test"], NotEstimable)
