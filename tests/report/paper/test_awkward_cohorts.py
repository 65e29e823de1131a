"""Reports of cohorts in which little can be estimated: no warning of a library, no traceback, the reasons in words."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, open_dict

from npc.cohort.load import load
from npc.config.cohort_schema import VariableConfig
from npc.config.loading import CONFIGS
from npc.errors import InputError
from npc.prognosis.analysis import Analysis, analyse
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from npc.report.paper import results
from npc.report.paper.report import write_report
from tests.prognosis.run_folders import predictions, write_run

CLINICAL = {
    "age": VariableConfig("continuous"),
    "regimen": VariableConfig("binary", ["CCRT", "IC+CCRT"]),
    "stage": VariableConfig("ordinal", ["I", "II", "III"]),
}
QUICK = ["report.bootstrap=100", "report.permutations=100", "prognosis.repeats=1", "prognosis.optimism=5"]
pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("coarse")]


@pytest.fixture(scope="module")
def choices() -> DictConfig:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("evaluate", [*QUICK, "cohort=table", "cohort.name=ours"])
    with open_dict(config.cohort):
        config.cohort.clinical = CLINICAL
    config.prognosis.significance = 0.9
    return config


@pytest.fixture
def patients() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 24
    split = np.repeat(["train", "validation", "test"], [12, 6, 6])
    return pd.DataFrame(
        {
            "split": split, "centre": np.where(split == "test", "south", "north"), "age": rng.normal(50, 9, n).round(),
            "regimen": rng.choice(["CCRT", "IC+CCRT"], n), "stage": rng.choice(["I", "II", "III"], n),
            "dmfs_months": rng.uniform(1, 80, n).round(2), "dm_event": np.arange(n) % 2,
        },
        index=pd.Index([f"P{i:02}" for i in range(n)], name="patient_id"),
    )  # fmt: skip


def analysed(
    choices: DictConfig, home: Path, patients: pd.DataFrame, risk: object = None, volume: object = None, **prognosis
) -> Analysis:
    """Of one run; `risk` replaces its risks, and `volume` is that of the outlines."""
    (home / "cohort").mkdir()
    patients.drop(columns="split").to_csv(home / "cohort" / "patients.csv")
    outcome = {"label": patients["dm_event"], "time": patients["dmfs_months"], "event": patients["dm_event"]}
    table = predictions(patients.assign(**outcome))
    run = write_run(home / "runs", table if risk is None else table.assign(risk=risk))
    if volume is not None:
        sizes = pd.DataFrame({"patient_id": patients.index, "sequence": "cet1", "volume": volume, "area": volume})
        sizes.to_csv(run / "outlines.csv", index=False)
    config = choices.copy()
    config.cohort.root = str(home / "cohort")
    config.prognosis.update(prognosis)
    cohort = load(config.cohort, config.endpoint, sequences=[])
    runs, unfinished = finished_runs(home / "runs", "ours")
    return analyse(cohort, choose(runs), unfinished, config)


@pytest.mark.slow
def test_a_report_with_empty_panels_is_drawn(choices, patients, tmp_path):
    """No test patients, one risk for all, no treatment known, one stage, and no age."""
    patients["split"] = patients["split"].replace("test", "train")
    found = analysed(choices, tmp_path, patients.assign(age=np.nan, regimen=None, stage="I"), 0.5)
    write_report(tmp_path / "report", found)
    written = json.loads((tmp_path / "report" / "results.json").read_text())
    assert list(written["flow"]["steps"][-1]) == ["kind", "label", "patients"]
    assert written["treatment"]["deep_learning"]["high"]["hazard_ratio"]["estimate"] is None
    assert (tmp_path / "report" / "figures" / "treatment.png").exists()


@pytest.mark.slow
def test_a_correlation_with_volume_that_is_not_estimable_says_why(choices, patients, tmp_path):
    patients["split"] = patients["split"].replace("test", "train")
    found = analysed(choices, tmp_path, patients, volume=np.arange(24) + 1.0)
    written = results.as_json(found)["controls"]["deep_learning"]
    assert written["correlation_with_volume"] is None
    assert "no patient is held out" in written["note"]
    assert written["volume"]["train"]["auc"] is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"dmfs_months": 0.0},
        {"dmfs_months": 12.0},
        {"age": np.nan, "stage": None},
        {"age": 50.0, "stage": "II"},
        {"regimen": "CCRT"},
        {"age": 1e-12},
    ],
    ids=str,
)
def test_variables_and_times_that_do_not_vary_or_are_not_known(choices, patients, tmp_path, change):
    written = results.as_json(analysed(choices, tmp_path, patients.assign(**change)))
    json.dumps(written, allow_nan=False)
    assert written["models"]["deep_learning"]["test"]["auc"]["n"] == 6


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1e-300, 1e-9, 1e30, 6e38])
def test_risks_of_any_size(choices, patients, tmp_path, factor):
    risk = (np.random.default_rng(1).random(len(patients)) - 0.5) * factor
    json.dumps(results.as_json(analysed(choices, tmp_path, patients, risk)), allow_nan=False)


def test_risks_beyond_those_of_a_network_are_refused(choices, patients, tmp_path):
    with pytest.raises(InputError, match="the largest number of a network"):
        analysed(choices, tmp_path, patients, 1e308)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"split": "validation"}, "the training cohort has no patients, so no threshold can be chosen on it"),
        ({"dm_event": 0}, "the training cohort has one class only, so no threshold can be chosen on it"),
    ],
)
def test_a_run_without_training_patients_or_events_is_refused(choices, patients, tmp_path, change, said):
    training = patients["split"] == "train"
    for column, value in change.items():
        patients.loc[training, column] = value
    with pytest.raises(InputError, match=said):
        analysed(choices, tmp_path, patients)


def test_a_treatment_without_levels_is_refused(choices, patients, tmp_path):
    with pytest.raises(InputError, match=r"prognosis.treatment=age: .* name one with levels \(regimen, stage\)"):
        analysed(choices, tmp_path, patients, treatment="age")


@pytest.mark.slow
def test_a_weighted_ratio_without_a_maximum_says_so(choices, patients, tmp_path):
    """Of the additional treatment all have the event first, so that its hazard ratio has no bound."""
    patients["regimen"] = np.where(patients["dm_event"] == 1, "IC+CCRT", "CCRT")
    written = results.as_json(analysed(choices, tmp_path, patients))
    assert written["treatment"]["deep_learning"]["high"]["iptw_hazard_ratio"]["estimate"] is None
