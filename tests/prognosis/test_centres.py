"""Hospitals that were each the test cohort of a run, from run folders as any backend leaves them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from scipy.special import expit, logit

from npc.errors import InputError
from npc.prognosis.centres import left_out_centres, pool_aucs
from npc.prognosis.runs import finished_runs
from npc.statistics import NotEstimable
from npc.statistics.delong import delong
from npc.statistics.random_effects import random_effects
from tests.prognosis.run_folders import population, predictions, write_run

CENTRES = ["A", "B", "C"]
CONFIG = "method: deep_learning\nsplit:\n  by: leave_one_centre_out\n  test:\n  - {}\noptimizer:\n  lr: {}\n"


@pytest.fixture
def cohort():
    patients = population(240)
    table = patients.assign(centre=np.resize(CENTRES, 240), dmfs_months=patients["time"], dm_event=patients["event"])
    return SimpleNamespace(patients=table.drop(columns=["split", "label", "time", "event"]), root="DIR")


@pytest.fixture
def choices():
    endpoint = {"kind": "binary", "event": "dm_event", "time": "dmfs_months", "months": None}
    return OmegaConf.create({"variants": None, "endpoint": endpoint, "report": {"bootstrap": 100, "seed": 0}})


def write(root, cohort, variant: str, lr: float, strength: float, centres=CENTRES) -> None:
    for number, centre in enumerate(centres):
        patients = population(240)
        rest = np.where(np.arange(240) % 8 < 2, "validation", "train")
        patients["split"] = np.where(cohort.patients["centre"] == centre, "test", rest)
        table = predictions(patients, strength=strength, seed=number)
        key = f"{int(1000 * lr)}{centre}"
        write_run(root, table, variant=variant, key=key, config=CONFIG.format(centre, lr))


def test_the_setting_with_the_best_validation_is_reported_for_each_variant(tmp_path, cohort, choices):
    write(tmp_path, cohort, "cet1-max", 0.1, strength=0.4)
    write(tmp_path, cohort, "cet1-max", 0.01, strength=1.2)
    write(tmp_path, cohort, "t2-max", 0.1, strength=0.1, centres=["A", "C"])
    write_run(tmp_path, predictions(population()), variant="t1-max", config="split:\n  by: by_centre\n")
    runs, unfinished = finished_runs(tmp_path, "ours", leave_one_out=True)
    assert (len(runs), unfinished) == (8, [])
    assert [run.variant for run in finished_runs(tmp_path, "ours")[0]] == ["t1-max"]
    (cet1, t2), (difference,) = left_out_centres(cohort, runs, choices)
    assert (cet1.name, [of.name for of in cet1.centres], cet1.without) == ("cet1-max", CENTRES, ())
    assert {of.run.choices()["optimizer.lr"] for of in cet1.centres} == {0.01}
    assert (t2.without, t2.pooled.effects.df) == (("B",), 1)
    assert isinstance(t2.pooled.prediction, NotEstimable)
    assert cet1.centres[0].auc.n == 80
    assert cet1.centres[0].calibration.observed == cet1.centres[0].auc.events
    assert difference.first == ("deep_learning", "cet1-max")
    assert difference.effects.df == 1  # two hospitals in common
    assert difference.effects.estimate == pytest.approx(cet1.pooled.estimate - t2.pooled.estimate, abs=0.1)


def test_aucs_are_pooled_on_the_scale_of_their_log_odds():
    rng = np.random.default_rng(0)
    each = []
    for n in (40, 80, 120, 30):
        label = pd.Series(rng.integers(0, 2, n))
        each.append((label, label + rng.normal(0, 1.2, n)))
    perfect = pd.Series([0, 0, 1, 1])
    pooled = pool_aucs([*each, (perfect, perfect.astype(float))])  # without a variance, without a part
    found = [delong(*of) for of in each]
    values = np.array([of.auc[0] for of in found])
    variances = np.array([of.covariance[0, 0] for of in found]) / (values * (1 - values)) ** 2
    effects = random_effects(logit(values), variances)
    assert pooled.estimate == pytest.approx(expit(effects.estimate))
    assert pooled.ci == pytest.approx(tuple(expit(effects.ci)))
    with pytest.raises(NotEstimable, match="two are needed"):
        pool_aucs([each[0], (perfect, perfect.astype(float))])


def test_a_run_of_another_table_is_refused(tmp_path, cohort, choices):
    write(tmp_path, cohort, "cet1-max", 0.1, strength=0.4)
    cohort.patients["centre"] = np.resize(["A", "B", "C", "D"], 240)
    with pytest.raises(InputError, match="its test patients are of A, B, C, D in DIR, not of"):
        left_out_centres(cohort, finished_runs(tmp_path, "ours", leave_one_out=True)[0], choices)
