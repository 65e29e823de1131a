"""The first model in each hospital of a cohort with several: figures of its own patients, and their drawings."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from sklearn.metrics import roc_auc_score

from npc.prognosis.evaluation import evaluate
from npc.prognosis.hospitals import hospitals
from npc.prognosis.models import Model
from npc.prognosis.times import times
from npc.report.paper import by_hospital

CHOICES = OmegaConf.create({
    "prognosis": {"cutoff": "training"}, "report": {"bootstrap": 40, "seed": 0, "horizon": 36, "ci": "logit"},
    "endpoint": {"name": "the event"},
})  # fmt: skip


def cohort() -> tuple[pd.DataFrame, pd.Series]:
    """In hospital `few` of the test cohort half as many events happen as the same risks foresee elsewhere."""
    rng, n = np.random.default_rng(0), 400
    risk, index = rng.normal(size=n), pd.Index([f"P{i:03d}" for i in range(n)], name="patient_id")
    split = np.where(np.arange(n) < 200, "train", "test")
    centre = np.select([split == "train", np.arange(n) % 2 == 0], ["home", "few"], "as many")
    event = rng.exponential(60 * np.exp(-0.7 * risk) * np.where(centre == "few", 3, 1))
    censored = rng.uniform(37, 90, n)
    seen = (event <= censored).astype(int)
    table = {"split": split, "centre": centre, "time": np.minimum(event, censored), "event": seen, "label": seen}
    return pd.DataFrame(table, index), pd.Series(risk, index)


@pytest.mark.slow
def test_each_hospital_has_its_own_figures_and_curves(tmp_path, coarse):
    patients, risk = cohort()
    result = evaluate(patients, Model("deep_learning", risk, risk), CHOICES)
    form = times(patients, result, CHOICES).form
    found = hospitals(patients, result, form, CHOICES.report)
    assert [(one.split, one.name) for one in found] == [("test", "as many"), ("test", "few")]
    many, few = found
    for one in found:
        rows = patients[patients["centre"] == one.name]
        assert one.auc.estimate == pytest.approx(roc_auc_score(rows["label"], risk[rows.index]))
        assert len(one.times.calibration.probability) == len(rows)
    assert few.times.calibration.oe.ci[1] < 0.75
    assert many.times.calibration.oe.ci[0] < 1 < many.times.calibration.oe.ci[1]
    analysis = SimpleNamespace(
        hospitals=found, models={"deep_learning": result}, patients=patients, choices=CHOICES,
        splits={"test": "External test"},
    )  # fmt: skip
    drawn = by_hospital.draw(tmp_path, analysis)
    assert [figure.path.name for figure in drawn] == [
        "roc_by_hospital", "decision_curve_by_hospital", "calibration_by_hospital",
    ]  # fmt: skip
    svg = drawn[0].path.with_name("roc_by_hospital.svg").read_text()
    assert "few (external test)" in svg
    assert f"{few.auc.estimate:.3f}" in svg
    assert by_hospital.draw(tmp_path, SimpleNamespace(hospitals=())) == []
