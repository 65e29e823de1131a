"""Patients whom every model gets wrong: planted ones are found, with what they share."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact, mannwhitneyu

from npc.cohort.clinical import parse
from npc.prognosis.failures import Typical, failures
from npc.report.paper.failures import as_json, section, table

VARIABLES = parse({
    "age": {"kind": "continuous", "label": "Age"},
    "sex": {"kind": "binary", "levels": ["female", "male"], "label": "Sex"},
})  # fmt: skip


def result(risk: pd.Series) -> SimpleNamespace:
    return SimpleNamespace(model=SimpleNamespace(held_out=risk), threshold=0.5)


@pytest.fixture
def patients() -> pd.DataFrame:
    """The last six of fourteen test patients are old men whom both models get wrong."""
    index = pd.Index([f"P{i:02d}" for i in range(18)], name="patient_id")
    sex = pd.Categorical(["female"] * 6 + ["male"] * 2 + ["male"] * 6 + ["female"] * 4, ["female", "male"])
    return pd.DataFrame(
        {"split": ["test"] * 14 + ["train"] * 4, "label": [0.0, 1.0] * 9,
         "age": [*range(40, 48), *range(70, 76)] + [50.0] * 4, "sex": sex}, index,
    )  # fmt: skip


def test_the_planted_patients_are_found_with_what_they_share(patients: pd.DataFrame):
    label = patients["label"]
    wrong = patients["age"] >= 70
    first = pd.Series(np.where(wrong, 1 - label, label), patients.index)
    second = first.copy()
    second["P00"] = 1.0  # wrong in one model alone
    found = failures(patients, {"combined": result(first), "clinical": result(second)}, VARIABLES)
    assert list(found.wrong.index) == ["P08", "P09", "P10", "P11", "P12", "P13"]
    assert (found.n, found.missed) == (14, 3)
    assert found.expected == pytest.approx(7 * (3 / 7) * (4 / 7) + 7 * (3 / 7) * (3 / 7))
    age, sex = found.shared
    assert (age.wrong, age.others) == (Typical(None, 72.5, 6), Typical(None, 43.5, 8))
    assert age.test.p == pytest.approx(mannwhitneyu(range(70, 76), range(40, 48), method="asymptotic").pvalue, abs=0.02)
    assert (sex.wrong, sex.others) == (Typical("male", 6, 6), Typical("male", 2, 8))
    assert sex.test.p == pytest.approx(fisher_exact([[0, 6], [6, 2]])[1])
    assert as_json(found)["wrong"] == 6
    assert as_json(found)["shared"][1]["wrong"] == {"n": 6, "level": "male", "with": 6}
    assert not any(patient in str(as_json(found)) for patient in patients.index)
    assert table(found)["patient_id"].tolist() == list(found.wrong.index)
    (page,) = section(found)
    assert "6 of 14 held-out patients" in page.text[0]
    assert next(iter(page.tables.values()))["Wrong in all"].tolist() == [
        "median 72.5",
        "male: 6 of 6",
    ]


def test_without_a_common_error_there_is_no_table(patients: pd.DataFrame):
    found = failures(
        patients, {"combined": result(patients["label"]), "clinical": result(1 - patients["label"])}, VARIABLES
    )
    assert (len(found.wrong), found.expected, found.shared) == (0, 0.0, ())
    assert table(found).empty


def test_fewer_than_five_patients_are_counted_and_not_described(patients: pd.DataFrame):
    label = patients["label"]
    risk = pd.Series(np.where(patients["age"] >= 72, 1 - label, label), patients.index)
    found = failures(patients, {"combined": result(risk), "clinical": result(risk)}, VARIABLES)
    assert (len(found.wrong), found.shared) == (4, ())
