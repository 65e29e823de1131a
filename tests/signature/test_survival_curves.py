"""`survival.csv`: curves of hazards and of relative hazards, and that a run of such an endpoint writes them."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.special import expit

from npc.signature.survival_curves import of_hazards, of_relative_hazards


def test_a_curve_of_hazards_is_their_product():
    output = np.random.default_rng(0).normal(size=(5, 1, 3))
    curves = of_hazards(output, (12.0, 24.0, 36.5), pd.Index(list("abcde")))
    assert list(curves.columns) == ["12", "24", "36.5"]
    assert curves.to_numpy() == pytest.approx(np.cumprod(1 - expit(output[:, 0]), axis=1))
    assert curves.index.name == "patient_id"


def test_a_curve_of_relative_hazards_belongs_to_the_training_patients():
    rng = np.random.default_rng(1)
    n = 60
    table = pd.DataFrame(
        {"split": ["train"] * 40 + ["test"] * 20, "time": rng.exponential(30, n), "event": rng.integers(0, 2, n)},
        index=pd.Index([f"P{i}" for i in range(n)]),
    )
    fitter = CoxPHFitter()
    covariate = pd.DataFrame({"x": rng.normal(size=n)}, table.index)
    training = table[table["split"] == "train"].join(covariate)
    fitter.fit(training[["time", "event", "x"]], "time", "event")
    curves = of_relative_hazards(table.assign(risk=fitter.params_["x"] * covariate["x"]))
    months = np.sort(training.loc[training["event"] == 1, "time"])
    expected = fitter.predict_survival_function(covariate, times=months).T
    assert curves.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-6)


@pytest.mark.slow
def test_a_run_writes_the_curves_of_its_risks(trained):
    run = trained("endpoint=hazard", "trainer.max_epochs=1")
    curves = pd.read_csv(run.path / "survival.csv", index_col="patient_id", dtype={"patient_id": str})
    assert list(curves.index) == list(run.predictions.index)
    assert 1 - curves.iloc[:, -1].to_numpy() == pytest.approx(run.predictions["risk"].to_numpy())
    assert (curves.diff(axis=1).iloc[:, 1:] <= 0).all(axis=None)
