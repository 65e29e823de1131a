"""A label at a landmark: patients censored before it have none, and still count in curves and Cox regressions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from lifelines import KaplanMeierFitter
from omegaconf import DictConfig

from npc.cohort.load import load
from npc.config.loading import CONFIGS
from npc.errors import InputError
from npc.prognosis.analysis import Analysis, analyse
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from npc.report.paper import tables
from tests.prognosis.run_folders import write_run

EARLY = "patients censored before month 36"
pytestmark = pytest.mark.usefixtures("coarse")


@pytest.fixture(scope="module")
def choices() -> DictConfig:
    words = ["cohort=table", "cohort.name=ours", "cohort.clinical=null", "report.bootstrap=20", "endpoint=landmark"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("evaluate", words)


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 150
    death, censored = rng.exponential(60, n), rng.uniform(6, 90, n)
    event = (death < censored).astype(int)
    time = np.minimum(death, censored).round(2)
    label = np.where((event == 0) & (time < 36), np.nan, (event == 1) & (time <= 36))
    split = np.repeat(["train", "validation", "test"], n // 3)
    index = pd.Index([f"P{i:03}" for i in range(n)], name="patient_id")
    centre = np.where(split == "test", "south", "north")
    risk = 1 / (1 + np.exp(0.03 * death - rng.normal(1, 2, n)))
    return pd.DataFrame(
        {"split": split, "label": label, "time": time, "event": event, "risk": risk, "centre": centre}, index
    )


def analysed(choices: DictConfig, home: Path, patients: pd.DataFrame, *, predicted: bool = True) -> Analysis:
    """Of a run that predicts the patients without label too, or not."""
    (home / "cohort").mkdir()
    recorded = patients[["centre"]].assign(dmfs_months=patients["time"], dm_event=patients["event"])
    recorded.to_csv(home / "cohort" / "patients.csv")
    columns = ["split", "label", "time", "event", "risk"]
    known = patients["label"].notna()
    run = write_run(home / "runs", patients.loc[known, columns].astype({"label": int}).reset_index())
    lost = patients.loc[~known, columns].drop(columns="label")
    if predicted:
        lost.to_csv(run / "unlabelled.csv")
    lost.assign(centre="north", reason="censored before month 36")[["centre", "reason"]].to_csv(run / "exclusions.csv")
    config = choices.copy()
    config.cohort.root = str(home / "cohort")
    runs, unfinished = finished_runs(home / "runs", "ours")
    return analyse(load(config.cohort, config.endpoint, sequences=[]), choose(runs), unfinished, config)


@pytest.mark.slow
def test_survival_of_a_risk_group_is_that_of_all_its_patients(choices, patients, tmp_path):
    found = analysed(choices, tmp_path, patients)
    lost = patients["label"].isna()
    assert lost.sum() > 20
    result = found.models["deep_learning"]
    assert result.pooled.groups[0].n + result.pooled.groups[1].n == 150
    high = patients["risk"] > result.cutoffs["train"]
    curve = result.pooled.groups[1].curve
    kept = KaplanMeierFitter().fit(patients["time"][high], patients["event"][high]).predict(36)
    without = KaplanMeierFitter().fit(patients["time"][high & ~lost], patients["event"][high & ~lost]).predict(36)
    assert curve.survival_at([36])[0] == pytest.approx(kept, abs=1e-12)
    assert kept - without > 0.02
    assert result.auc["test"].n == (~lost & (patients["split"] == "test")).sum()
    training = patients[~lost & (patients["split"] == "train")]
    assert result.cutoffs["train"] == training["risk"].median()
    assert found.provenance.rules["landmark"].startswith(f"{EARLY} ({lost.sum()}) are in curves")
    table = tables.risks(found).set_index("patient_id")
    assert table["label"].isna().sum() == lost.sum()
    assert table.loc[patients.index, "deep_learning"].tolist() == pytest.approx(patients["risk"].tolist())


@pytest.mark.slow
def test_runs_that_do_not_predict_them_say_so(choices, patients, tmp_path):
    found = analysed(choices, tmp_path, patients, predicted=False)
    lost = patients["label"].isna().sum()
    assert len(found.followed) == 150 - lost
    assert found.provenance.rules["landmark"].startswith(f"{EARLY} ({lost}) are in no figure")


def test_a_file_of_other_patients_is_refused(choices, patients, tmp_path):
    swapped = patients.assign(event=patients["event"].where(patients["label"].notna(), 1))
    with pytest.raises(InputError, match=r"unlabelled.csv: not patients without event and label"):
        analysed(choices, tmp_path, swapped)
