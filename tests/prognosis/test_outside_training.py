"""Values and levels that a regression meets outside of its training cohort are said, with their number."""

import numpy as np
import pandas as pd
import pytest

from npc.cohort.clinical import Variable
from npc.prognosis import models
from npc.prognosis.outside_training import filled_values, unseen_levels
from npc.prognosis.univariate import univariate
from tests.prognosis.run_folders import population

STAGE = Variable("stage", "ordinal", ("I", "II", "III"), label="Stage")
HISTOLOGY = Variable("histology", "categorical", ("a", "b", "c"))
AGE = Variable("age", "continuous")


@pytest.fixture
def patients() -> pd.DataFrame:
    """`c` and `III` occur outside of training alone."""
    patients = population(120, seed=1)
    rng = np.random.default_rng(0)
    outside = patients["split"] != "train"
    index = patients.index
    histology = np.where(rng.random(120) < 0.3 + 0.4 * patients["label"], "a", "b").astype(object)
    stage = rng.choice(["I", "II"], 120).astype(object)
    histology[np.flatnonzero(outside)[:4]], stage[np.flatnonzero(outside)[4:7]] = "c", "III"
    age = pd.Series(rng.normal(50, 9, 120), index)
    age[outside & (np.arange(120) % 9 == 0)] = np.nan
    age.iloc[3] = np.nan
    return patients.assign(
        age=age,
        histology=pd.Categorical(histology, HISTOLOGY.levels),
        stage=pd.Categorical(stage, STAGE.levels, ordered=True),
    )


def test_levels_and_missing_values_are_counted(patients):
    training = patients["split"] == "train"
    filled = "filled with its median or most frequent level: age"
    lacking = patients["age"].isna() & ~training
    assert filled_values([AGE, STAGE], patients, training) == [
        f"missing in the training cohort and {filled} (1)",
        f"missing outside of the training cohort and {filled} ({lacking.sum()})",
    ]
    stage, histology = unseen_levels([AGE, STAGE, HISTOLOGY], patients, training)
    assert stage.startswith("Stage: III (3) occurs outside of the training cohort alone")
    assert stage.endswith("counted by its rank")
    assert histology.startswith("histology: c (4) occurs")
    assert histology.endswith("counted as a")


def test_a_model_carries_the_notes_and_counts_an_unseen_level_as_it_says(patients):
    tests = univariate(patients[patients["split"] == "train"], [HISTOLOGY])
    model = models.clinical(patients, tests, 1.0)
    assert any("c (4) occurs outside of the training cohort alone" in note for note in model.notes)
    assert model.risk[patients["histology"] == "c"].unique() == model.risk[patients["histology"] == "a"].unique()


def test_the_axis_of_a_signature_spans_the_risks_but_for_four_at_each_end(patients):
    risk = pd.Series(np.random.default_rng(1).normal(3, 2, 120), patients.index)  # log hazards
    model = models.clinical_with(
        patients, univariate(patients[patients["split"] == "train"], [HISTOLOGY]), 1.0, np.exp(risk)
    )
    (scale, *_) = model.scales(patients).values()
    values = [float(mark) for mark, _ in scale.marks]
    in_order = np.sort(risk)
    assert values[0] <= in_order[4] < values[1]
    assert values[-2] < in_order[-5] <= values[-1]
