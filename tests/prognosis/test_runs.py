"""Reading finished runs, and choosing among them by the internal validation cohort alone."""

from pathlib import Path

import numpy as np
import pytest

from npc.errors import InputError
from npc.prognosis.choice import choose
from npc.prognosis.predictions import read_predictions
from npc.prognosis.runs import Run, finished_runs
from tests.prognosis.run_folders import population, predictions, write_run


def faults(error: pytest.ExceptionInfo) -> str:
    return str(error.value)


def test_finished_runs_are_read_and_others_told(tmp_path):
    table = predictions(population())
    done = write_run(tmp_path, table)
    half = write_run(tmp_path, table, key="b" * 12, done=False)
    runs, unfinished = finished_runs(tmp_path, "ours")
    assert [run.path for run in runs] == [done]
    assert unfinished == [half]
    assert (runs[0].variant, runs[0].key, runs[0].method) == ("cet1-max", "a" * 12, "deep_learning")
    np.testing.assert_array_equal(runs[0].predictions["risk"], table["risk"])


def test_a_risk_keeps_its_last_bit(tmp_path):
    table = predictions(population())
    table.loc[0, "risk"] = 0.1 + 0.2
    assert read_predictions(write_run(tmp_path, table) / "predictions.csv")["risk"].iloc[0] == 0.1 + 0.2


@pytest.mark.parametrize("prepare", [lambda home: None, lambda home: (home / "ours" / "cet1-max").mkdir(parents=True)])
def test_an_empty_runs_folder_is_told(tmp_path, prepare):
    prepare(tmp_path)
    with pytest.raises(InputError, match=r"no finished run; train one"):
        finished_runs(tmp_path, "ours")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("risk", np.nan, "risk is not a finite number"),
        ("risk", np.inf, "risk is not a finite number"),
        ("split", "dev", "split is none of train"),
        ("label", 2, "label is not 0 or 1"),
        ("time", -1, "time is not a number of months"),
        ("patient_id", "P001", "patient_id is missing or not unique"),
    ],
)
def test_every_fault_of_every_run_is_told_at_once(tmp_path, column, value, said):
    table = predictions(population())
    table.loc[7, column] = value
    write_run(tmp_path, table)
    broken = write_run(tmp_path, table, key="b" * 12)
    (broken / "predictions.csv").unlink()
    with pytest.raises(InputError) as error:
        finished_runs(tmp_path, "ours")
    assert said in faults(error)
    assert f"{broken}/predictions.csv is missing" in faults(error)


def test_the_best_run_has_the_highest_auc_then_the_lowest_loss_then_the_first_key(tmp_path):
    patients = population()
    weak, strong = predictions(patients, strength=0.2), predictions(patients, strength=3)
    surer = strong.assign(risk=strong["risk"].clip(0.01, 0.99))
    write_run(tmp_path, weak, key="aaa")
    write_run(tmp_path, strong.assign(risk=0.4 + strong["risk"] / 10), key="bbb")  # the same order, poorly calibrated
    write_run(tmp_path, surer, key="ddd")
    write_run(tmp_path, surer, key="ccc")
    runs, _ = finished_runs(tmp_path, "ours")
    assert choose(runs).best["deep_learning"]["cet1-max"].key == "ccc"


def test_the_choice_does_not_see_the_test_cohort(tmp_path):
    patients = population()
    for key, seed in (("aaa", 1), ("bbb", 2)):
        write_run(tmp_path / "before", predictions(patients, seed=seed), key=key)
        table = predictions(patients, seed=seed)
        here = table["split"] == "test"
        table.loc[here, "risk"] = np.where(table.loc[here, "label"] == (key == "aaa"), 0.9, 0.1)
        write_run(tmp_path / "after", table, key=key)
    chosen = [
        choose(finished_runs(tmp_path / when, "ours")[0]).signature("deep_learning").key for when in ("before", "after")
    ]
    assert chosen[0] == chosen[1]


def test_the_order_of_columns_and_the_last_bit_of_a_time_are_no_disagreement(tmp_path):
    table = predictions(population())
    write_run(tmp_path, table)
    other = table.assign(time=table["time"] * (1 + 1e-13), note="x")
    write_run(tmp_path, other[other.columns[::-1]], variant="t2-max")
    assert len(choose(finished_runs(tmp_path, "ours")[0]).runs) == 2


def test_a_variant_that_is_asked_for_and_missing_is_named(tmp_path):
    write_run(tmp_path, predictions(population()))
    runs, _ = finished_runs(tmp_path, "ours")
    with pytest.raises(InputError, match=r"no finished run of t2-max, both-three \(there are cet1-max\)"):
        choose(runs, ["cet1-max", "t2-max", "both-three"])


def test_runs_that_disagree_are_listed_with_what_they_disagree_on(tmp_path):
    patients = population()
    first = predictions(patients)
    write_run(tmp_path, first)
    other = first.drop(index=3)
    other.loc[5, "label"] = 1 - other.loc[5, "label"]
    other.loc[6, "split"] = "test"
    path = write_run(tmp_path, other, variant="t2-max")
    runs, _ = finished_runs(tmp_path, "ours")
    with pytest.raises(InputError) as error:
        choose(runs)
    said = faults(error)
    assert str(path) in said
    for words in (
        "lacks 1 patient (P003)",
        "another label for 1 patient (P005)",
        "another split for 1 patient (P006)",
    ):
        assert words in said


@pytest.fixture
def two_splits(tmp_path: Path) -> list[Run]:
    """Two settings with one split, and one with another split, whose validation patients it happens to know."""
    patients = population()
    moved = patients.assign(split=np.roll(patients["split"], 7))
    write_run(tmp_path, predictions(patients, seed=0), key="aaa", config="split: {seed: 0}\nbatch_size: 4\n")
    write_run(tmp_path, predictions(patients, seed=1), key="bbb", config="split: {seed: 0}\nbatch_size: 8\n")
    write_run(tmp_path, predictions(moved, strength=9), key="ccc", config="split: {seed: 1}\nbatch_size: 4\n")
    return finished_runs(tmp_path, "ours")[0]


def test_runs_of_two_splits_never_compete(two_splits):
    with pytest.raises(InputError) as error:
        choose(two_splits)
    said = faults(error)
    for words in ("none is chosen", "2 runs with split.seed=0 (", "1 run with split.seed=1 (", "another split for ",
                  "add the choices of one group to this command, such as split.seed=0"):  # fmt: skip
        assert words in said
    assert "batch_size" not in said


@pytest.mark.parametrize(("seed", "kept", "others"), [(0, {"aaa", "bbb"}, {"ccc"}), (1, {"ccc"}, {"aaa", "bbb"})])
def test_a_split_is_selected_by_its_seed_and_the_rest_is_reported(two_splits, seed, kept, others):
    choice = choose(two_splits, selected={"split.seed": seed, "endpoint.kind": "binary"})
    assert {run.key for run in choice.runs} == kept
    assert {run.key for run in choice.left_out} == others
    assert choice.signature("deep_learning").key in kept
    assert choice.notes() == [f"{len(others)} finished runs with other patients, splits or outcomes are left out"]


def test_a_selection_that_no_run_meets_is_refused(two_splits):
    with pytest.raises(InputError, match=r"split.seed=7 selects none of these groups alone"):
        choose(two_splits, selected={"split.seed": 7})


def test_a_selection_leaves_runs_that_agree_as_they_are(two_splits):
    agreed = [run for run in two_splits if run.key != "ccc"]
    assert choose(agreed, selected={"split.seed": 7}) == choose(agreed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.assign(split=table["split"].replace("test", "train")), "another split for "),
        (lambda table: table.assign(label=1 - table["label"]), "another label for 120 patients"),
        (lambda table: table.assign(time=table["time"] + 1), "another time for 120 patients"),
        (lambda table: table[table["split"] != "test"], "lacks "),
    ],
)
@pytest.mark.parametrize("method", ["deep_learning", "radiomic"])
def test_whatever_differs_is_named_before_a_choice_within_and_between_methods(tmp_path, change, said, method):
    table = predictions(population())
    write_run(tmp_path, table, key="aaa")
    write_run(tmp_path, change(table), key="bbb", config=f"method: {method}\n")
    with pytest.raises(InputError, match=said) as error:
        choose(finished_runs(tmp_path, "ours")[0])
    assert "move the folders of the other runs" in faults(error)


def test_variants_of_other_patients_are_set_apart_by_naming_the_variants(tmp_path):
    table = predictions(population())
    write_run(tmp_path, table)
    write_run(tmp_path, table.drop(index=[3, 4]), variant="t2-max")
    runs, _ = finished_runs(tmp_path, "ours")
    with pytest.raises(InputError, match=r"name the variants that are compared: variants=\[...\]"):
        choose(runs)
    assert [run.variant for run in choose(runs, ["t2-max"]).runs] == ["t2-max"]
