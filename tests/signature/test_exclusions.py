"""Patients who lack an outcome or a sequence are left out and listed."""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from npc.errors import InputError
from npc.run.train import train
from tests.signature.changes import own


def outcomes(folder: Path) -> pd.DataFrame:
    """Months and events as the cohort folder records them."""
    table = pd.read_csv(folder / "patients.csv", dtype={"patient_id": str}, float_precision="round_trip")
    return table.set_index("patient_id")[["dmfs_months", "dm_event"]].set_axis(["time", "event"], axis=1)


@pytest.mark.slow
def test_a_landmark_excludes_patients_censored_before_it(default_run, shared, trained):
    run = trained("endpoint=landmark", "trainer.max_epochs=1")
    recorded = outcomes(shared.table)
    unknown = (recorded["event"] == 0) & (recorded["time"] < 36)
    late = (recorded["event"] == 1) & (recorded["time"] > 36)
    assert 0 < unknown.sum() < 60
    assert late.any()  # a metastasis after the landmark has label 0

    exclusions = pd.read_csv(run.path / "exclusions.csv", dtype=str)
    assert exclusions["patient_id"].tolist() == sorted(unknown.index[unknown])
    assert set(exclusions["reason"]) == {"censored before month 36"}
    predictions = run.predictions
    assert set(predictions.index) == set(unknown.index[~unknown])
    recorded = recorded.loc[predictions.index]
    assert predictions[["time", "event"]].equals(recorded)
    assert (predictions["label"] == ((recorded["event"] == 1) & (recorded["time"] <= 36))).all()
    assert (predictions["label"] != predictions["event"]).any()
    assert predictions["split"].equals(default_run.predictions["split"].loc[predictions.index])
    splits = pd.read_csv(run.path / "splits.csv", dtype=str).set_index("patient_id")["split"]
    assert splits.sort_index().equals(predictions["split"].sort_index())

    lost = pd.read_csv(run.path / "unlabelled.csv", dtype={"patient_id": str}).set_index("patient_id")
    assert list(lost) == ["split", "time", "event", "risk"]
    assert set(lost.index) == set(unknown.index[unknown])
    assert lost["split"].equals(default_run.predictions["split"].loc[lost.index])
    assert lost["time"].equals(outcomes(shared.table)["time"].loc[lost.index])
    assert lost["risk"].between(0, 1).all()
    assert lost["risk"].nunique() > 1

    for split, rows in predictions.groupby("split"):
        assert run.metrics["n"][split] == len(rows)
        assert run.metrics["events"][split] == rows["label"].sum()
        both = rows["label"].nunique() == 2
        expected = pytest.approx(roc_auc_score(rows["label"], rows["risk"]), rel=1e-12) if both else None
        assert run.metrics["auc"][split] == expected


@pytest.mark.slow
def test_a_landmark_before_the_first_censoring_excludes_no_patient(default_run, shared, trained):
    recorded = outcomes(shared.table)
    months = float(recorded["time"][recorded["event"] == 0].min())  # a patient censored in that month survived it
    run = trained("endpoint=landmark", f"endpoint.months={months}", "trainer.max_epochs=1")
    assert (run.path / "exclusions.csv").read_text() == "patient_id,centre,reason\n"
    assert not (run.path / "unlabelled.csv").exists()
    assert run.predictions["split"].equals(default_run.predictions["split"])


def test_a_landmark_before_the_first_event_is_refused(tiny):
    with pytest.raises(InputError, match="too few patients"):
        train(tiny("endpoint=landmark", "endpoint.months=0.01"))


@pytest.fixture
def lacking(cohort):
    """Two patients without T2."""
    path = cohort / "patients.csv"
    table = pd.read_csv(path, dtype=str).set_index("patient_id")
    table.loc[["H1-0003", "H2-0002"], ["t2_image", "t2_mask"]] = ""
    table.reset_index().to_csv(path, index=False)
    return cohort


def test_a_sequence_that_patients_lack_is_an_error_that_names_them(lacking, tiny):
    with pytest.raises(InputError) as caught:
        train(tiny(*own(lacking), "sequence=both"))
    assert "H1-0003" in str(caught.value)
    assert "H2-0002" in str(caught.value)
    assert "H1-0004" not in str(caught.value)
    assert "cohort.missing=exclude" in str(caught.value)


@pytest.mark.slow
def test_patients_without_a_sequence_are_excluded_and_listed_when_asked(lacking, trained):
    run = trained(*own(lacking), "sequence=both", "cohort.missing=exclude", "trainer.max_epochs=1")
    exclusions = pd.read_csv(run.path / "exclusions.csv", dtype=str)
    assert exclusions["patient_id"].tolist() == ["H1-0003", "H2-0002"]
    assert exclusions["reason"].str.contains("t2").all()
    assert len(run.predictions) == 58
    assert not {"H1-0003", "H2-0002"} & set(run.predictions.index)


@pytest.mark.slow
def test_exclusions_list_every_reason(lacking, trained):
    run = trained(*own(lacking), "sequence=both", "cohort.missing=exclude", "endpoint=landmark", "trainer.max_epochs=1")
    recorded = outcomes(lacking).drop(["H1-0003", "H2-0002"])
    unknown = sorted(recorded.index[(recorded["event"] == 0) & (recorded["time"] < 36)])
    assert unknown
    exclusions = pd.read_csv(run.path / "exclusions.csv", dtype=str)
    assert exclusions["patient_id"].tolist() == ["H1-0003", "H2-0002", *unknown]
    assert exclusions["reason"][:2].str.contains("t2").all()
    assert set(exclusions["reason"][2:]) == {"censored before month 36"}
    assert sorted(run.predictions.index) == sorted(recorded.index.drop(unknown))


@pytest.mark.slow
def test_a_sequence_that_the_run_does_not_use_may_be_missing(lacking, trained):
    run = trained(*own(lacking), "sequence=cet1", "trainer.max_epochs=1")
    assert len(run.predictions) == 60
    assert (run.path / "exclusions.csv").read_text() == "patient_id,centre,reason\n"
