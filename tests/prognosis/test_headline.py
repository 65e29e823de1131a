"""The headline figure against permuted outcomes of the held-out cohort."""

import numpy as np
import pandas as pd
import pytest
from lifelines.utils import concordance_index
from omegaconf import OmegaConf
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from npc.prognosis.headline import headline
from npc.statistics import NotEstimable
from tests.prognosis.run_folders import population

PATIENTS = population(n=150).assign(centre="one")
TEST = PATIENTS[PATIENTS["split"] == "test"]
REPORT = OmegaConf.create({"permutations": 1500, "seed": 0})


def found(risk: pd.Series, patients: pd.DataFrame = PATIENTS):
    return headline(patients, "combined", risk, REPORT)


def risks(strength: float, seed: int = 0) -> pd.Series:
    rng = np.random.default_rng(seed)
    return pd.Series(strength * PATIENTS["label"] + rng.standard_normal(len(PATIENTS)), PATIENTS.index)


def test_the_figures_and_their_p_are_those_of_the_test_cohort():
    risk = risks(0.7)
    one = found(risk)
    assert (one.model, one.split, one.hospitals) == ("combined", "test", 1)
    here = risk[TEST.index]
    assert one.figures["auc"].estimate == pytest.approx(roc_auc_score(TEST["label"], here))
    assert one.figures["harrell"].estimate == pytest.approx(concordance_index(TEST["time"], -here, TEST["event"]))
    exact = mannwhitneyu(here[TEST["label"] == 1], here[TEST["label"] == 0], alternative="greater", method="exact")
    assert one.figures["auc"].p == pytest.approx(exact.pvalue, abs=0.03)
    assert one.figures["auc"].quantiles[0.5] == pytest.approx(0.5, abs=0.02)


def test_the_order_of_the_table_does_not_matter():
    risk = risks(0.5)
    assert found(risk, PATIENTS[::-1]).figures == found(risk).figures


def test_what_hospitals_differ_in_is_no_evidence():
    """A risk that knows the hospital alone has a high AUC where one hospital has the events; the P value is 1 or so."""
    label = np.arange(len(PATIENTS)) % 2
    event = np.where(np.arange(len(PATIENTS)) % 10 == 0, 1 - label, label)
    centre = np.where(label == 1, "worse", "better")
    patients = PATIENTS.assign(label=event, event=event, centre=centre)
    risk = pd.Series(label + risks(0.0) / 100, PATIENTS.index)
    one = found(risk, patients).figures["auc"]
    assert one.estimate > 0.8
    assert one.p > 0.05
    assert one.quantiles[0.5] > 0.8


def test_hospitals_of_one_class_each_show_nothing():
    patients = PATIENTS.assign(centre=PATIENTS["label"].astype(str))
    assert isinstance(found(risks(1.0), patients).figures["auc"], NotEstimable)
