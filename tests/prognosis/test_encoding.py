"""Clinical variables as terms of a regression, and how they are printed."""

import pandas as pd
import pytest

from npc.cohort.clinical import Cut, Variable
from npc.prognosis.encoding import learn

VARIABLES = [
    Variable("age", "continuous", label="Age (years)"),
    Variable("ebv_dna", "continuous", cut=Cut(">=", 4000.0)),
    Variable("n_stage", "ordinal", ("N0", "N1"), label="N stage"),
    Variable("regimen", "categorical", ("CCRT", "IC+CCRT"), label="Treatment"),
]


@pytest.fixture
def patients():
    return pd.DataFrame({
        "age": [24.0, 61.0, 68.0], "ebv_dna": [100.0, 5000.0, None],
        "n_stage": pd.Categorical(["N0", "N1", "N1"], ["N0", "N1"], ordered=True),
        "regimen": pd.Categorical(["CCRT", "IC+CCRT", "CCRT"], ["CCRT", "IC+CCRT"]),
    })  # fmt: skip


def test_terms_are_named_by_columns_and_printed_by_labels(patients):
    encoding = learn(VARIABLES, patients)
    assert list(encoding.transform(patients)) == ["age", "ebv_dna >= 4000", "n_stage", "regimen IC+CCRT"]
    assert encoding.labels() == {
        "age": "Age (years)", "ebv_dna >= 4000": "ebv dna >= 4000", "n_stage": "N stage",
        "regimen IC+CCRT": "Treatment IC+CCRT",
    }  # fmt: skip


def test_a_nomogram_marks_a_continuous_variable_at_round_values_around_its_range(patients):
    ages = pd.Series([8.0, 24.0, 24.0, 24.0, 24.0, *range(30, 60), 68.0, 68.0, 68.0, 68.0, 99.0])  # two outliers
    marks = learn(VARIABLES, patients).marks(VARIABLES[0], ages)
    assert [mark for mark, _ in marks] == ["20", "30", "40", "50", "60", "70"]
    assert [terms["age"] for _, terms in marks] == [20, 30, 40, 50, 60, 70]
