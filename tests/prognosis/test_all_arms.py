"""The model of all arms: fitted on out-of-fold risks, and what each arm adds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

from npc.cohort.clinical import Variable
from npc.prognosis import models
from npc.prognosis.choice import choose
from npc.prognosis.discrimination import comparisons
from npc.prognosis.runs import finished_runs
from npc.prognosis.training_risks import nested, unlike
from npc.prognosis.univariate import univariate
from npc.statistics import NotEstimable
from tests.prognosis.run_folders import population, predictions, write_run


@pytest.fixture
def patients() -> pd.DataFrame:
    return population(240, seed=3)


@pytest.fixture
def runs(patients, tmp_path):
    """A network, an ensemble and a radiomic signature; the training risks of the radiomic one are memorised."""
    for seed, method in enumerate(("deep_learning", "ensemble", "radiomic")):
        table = predictions(patients, strength=0.5, seed=seed)
        path = write_run(tmp_path, table, key=str(seed) * 12, config=f"method: {method}\n")
        training = table[table["split"] == "train"]
        training.assign(fold=1 + np.arange(len(training)) % 5)[["patient_id", "fold", "risk"]].to_csv(
            path / "out_of_fold.csv", index=False
        )
        if method == "radiomic":
            table.loc[table["split"] == "train", "risk"] = table["label"] * 0.9 + 0.05
            table.to_csv(path / "predictions.csv", index=False)
    found, _ = finished_runs(tmp_path, "ours")
    return {method: choose(found).signature(method) for method in ("ensemble", "radiomic")}


def test_it_is_statsmodels_fit_of_the_out_of_fold_risks(patients, runs):
    model = models.all_arms(patients, [], 0.05, runs)
    training = patients[patients["split"] == "train"]
    design = pd.DataFrame({method: run.read_out_of_fold()["risk"] for method, run in runs.items()}).loc[training.index]
    label = training["label"]
    full = sm.Logit(label, sm.add_constant(design)).fit(disp=0)
    np.testing.assert_allclose(model.fitted.coefficient, full.params, rtol=1e-6)
    for arm in runs:
        alone = sm.Logit(label, sm.add_constant(design.drop(columns=arm))).fit(disp=0)
        statistic = 2 * (full.llf - alone.llf)
        assert model.adds[arm].chi2 == pytest.approx(statistic, rel=1e-6)
        assert model.adds[arm].df == 1
        assert model.adds[arm].p == pytest.approx(chi2.sf(statistic, 1), rel=1e-6)
    # other patients have the risks of the signatures themselves
    others = patients.index[patients["split"] != "train"]
    given = pd.DataFrame({method: run.predictions["risk"] for method, run in runs.items()}).loc[others]
    np.testing.assert_allclose(model.risk[others], full.predict(sm.add_constant(given)), rtol=1e-6)


def test_an_arm_whose_weight_would_be_negative_is_left_out(patients, runs):
    """The report says so, and still tests what it adds to the others."""
    wrong = runs["radiomic"].read_out_of_fold()
    wrong["risk"] = 1 - wrong["risk"]
    wrong.reset_index().to_csv(runs["radiomic"].out_of_fold, index=False)
    model = models.all_arms(patients, [], 0.05, runs)
    alone = models.all_arms(patients, [], 0.05, {"ensemble": runs["ensemble"]})
    np.testing.assert_array_equal(model.risk, alone.risk)
    assert model.terms == ("ensemble",)
    assert "signatures that are kept: Radiomic signature;" in model.notes[1]
    assert model.notes[2].endswith("ranks the patients as that signature does")
    assert model.adds["radiomic"].p < 0.05
    # fitted in a family that contains the signature left out, too, on the same patients
    left_out = models.signature("radiomic", runs["radiomic"], patients.index)
    assert nested({"all_arms": model, "radiomic": left_out})
    # clinical variables stay, whatever their weight
    grade = patients["label"] + np.arange(len(patients)) % 3
    graded = patients.assign(grade=grade)
    chosen = univariate(graded[graded["split"] == "train"], [Variable("grade", "continuous")])
    clinical = models.all_arms(graded, chosen, 0.05, runs)
    assert clinical.terms == ("ensemble", "grade")
    assert list(clinical.adds) == ["ensemble", "radiomic", "clinical"]
    assert clinical.notes[2].endswith("contains it and the clinical variables alone")
    combined = models.combined(graded, chosen, 0.05, runs["ensemble"], "out_of_fold")
    np.testing.assert_allclose(clinical.risk, combined.risk, rtol=1e-12)


def test_arms_that_all_point_the_wrong_way_make_no_model(patients, runs):
    for run in runs.values():
        out_of_fold = run.read_out_of_fold()
        label = patients.loc[out_of_fold.index, "label"]
        out_of_fold["risk"] = 0.9 * out_of_fold["risk"].where(label == 0, 0.1)
        out_of_fold.reset_index().to_csv(run.out_of_fold, index=False)
    with pytest.raises(NotEstimable, match="no signature has a positive weight"):
        models.all_arms(patients, [], 0.05, runs)


def test_test_patients_change_no_coefficient(patients, runs):
    before = models.all_arms(patients, [], 0.05, runs).fitted.coefficient
    for run in runs.values():
        run.predictions.loc[patients["split"] != "train", "risk"] = 0.5
    changed = patients.assign(label=np.where(patients["split"] == "train", patients["label"], 1))
    np.testing.assert_array_equal(models.all_arms(changed, [], 0.05, runs).fitted.coefficient, before)


def test_without_out_of_fold_risks_there_is_no_such_model(patients, runs):
    runs["radiomic"].out_of_fold.unlink()
    with pytest.raises(NotEstimable, match=r"out-of-fold risks are missing; train .*2{12} again with force=true"):
        models.all_arms(patients, [], 0.05, runs)


def test_the_ensemble_is_the_signature_of_the_combined_model(patients, tmp_path):
    for key, method in (("a", "radiomic"), ("b", "deep_learning"), ("c", "ensemble")):
        table = predictions(patients, strength=0.5, seed=ord(key))
        write_run(tmp_path, table, key=key * 12, config=f"method: {method}\n")
    assert choose(finished_runs(tmp_path, "ours")[0]).lead.key == "c" * 12


@pytest.mark.slow
def test_out_of_fold_risks_are_not_compared_with_those_of_a_fit_that_saw_the_patients(patients, runs):
    lacking = runs["radiomic"].out_of_fold
    lacking.unlink()
    made = {method: models.signature(method, run, patients.index) for method, run in runs.items()}
    made["clinical"] = replace(made["radiomic"], unseen=None, parts=frozenset(["age"]))
    assert unlike(made) == {frozenset(runs)}
    assert nested(made) == frozenset()
    made["combined"] = replace(made["radiomic"], parts=made["radiomic"].parts | {"age"})
    assert nested(made) == {frozenset(("combined", "radiomic")), frozenset(("combined", "clinical"))}
    found = comparisons(patients, {name: model.held_out for name, model in made.items()}, unlike=unlike(made))
    tests = {one.split: one.test for one in found if {one.first, one.second} == set(runs)}
    assert "out-of-fold risks" in str(tests["train"])
    assert isinstance(tests["train"], NotEstimable)
    assert not isinstance(tests["test"], NotEstimable)


def test_a_broken_file_of_out_of_fold_risks_leaves_the_runs_own_and_is_said(patients, runs):
    runs["radiomic"].out_of_fold.write_text("patient_id,risk\nP000,x\n")
    model = models.signature("radiomic", runs["radiomic"], patients.index)
    assert model.held_out.equals(model.risk)
    assert (model.unseen, len(model.notes)) == (False, 1)
    assert "can't be read" in model.notes[0]


def test_an_ensembles_own_risks_of_training_patients_are_out_of_fold(patients, runs):
    runs["ensemble"].out_of_fold.unlink()
    model = models.signature("ensemble", runs["ensemble"], patients.index, "in_sample")
    assert model.unseen
    assert model.held_out.equals(model.risk)
    assert not models.signature("radiomic", runs["radiomic"], patients.index, "in_sample").unseen
