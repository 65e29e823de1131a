"""Who is unlike the training population."""

import numpy as np
import pandas as pd
import pytest

from npc.bundle.formula import Formula
from npc.bundle.population import summary
from npc.bundle.unlike import check_units, warnings
from npc.cohort.clinical import Variable
from npc.errors import InputError

AGE, STAGE = Variable("age", "continuous", label="Age (years)"), Variable("stage", "ordinal", ("I", "II", "III"))
COLUMNS = pd.MultiIndex.from_product([["cet1"], ["spacing", "field"]])


@pytest.fixture(scope="module")
def population() -> dict:
    rng = np.random.default_rng(0)
    patients = pd.DataFrame({"age": rng.normal(50, 10, 200), "stage": ["I"] * 100 + ["II"] * 97 + ["III"] * 3})
    measured = pd.DataFrame({("cet1", "spacing"): [5.0] * 200, ("cet1", "field"): [1.5] * 150 + [3.0] * 50})
    return summary(patients, [AGE, STAGE], measured)


def formula(*variables: str) -> Formula:
    plain = [{"name": name, "kind": "continuous", "levels": [], "cut": None, "label": None} for name in variables]
    return Formula({"name": "clinical", "variables": plain, "fill": dict.fromkeys(variables, 51.5)})


def patients(**columns: list) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.Index(["A", "B"], name="patient_id"))


def test_the_population_is_told_without_single_patients(population: dict):
    age = population["clinical"]["age"]
    assert (age["share"], age["missing"]) == (0.05, 0)
    assert age["low"] == pytest.approx(50 - 1.645 * 10, abs=2.5)
    assert population["clinical"]["stage"]["counts"] == {"I": 100, "II": None, "III": None}
    assert population["images"]["cet1"]["field"]["counts"] == {"1.5": 150, "3": 50}


def test_values_that_training_has_give_no_warning(population: dict):
    measured = pd.DataFrame([[5.0, 3.0], [5.2, np.nan]], index=["A", "B"], columns=COLUMNS)
    given = patients(age=[40.0, np.nan], stage=["III", "I"])
    assert warnings(population, formula(), given, measured).empty


def test_values_that_training_has_not_are_named(population: dict):
    measured = pd.DataFrame([[5.0, 0.5], [8.0, 1.5]], index=["A", "B"], columns=COLUMNS)
    found = warnings(population, formula(), patients(age=[97.0, 40.0], stage=["I", "IV"]), measured)
    assert found[["patient_id", "variable", "value"]].values.tolist() == [
        ["A", "age", "97"],
        ["A", "cet1: field strength (T)", "0.5"],
        ["B", "stage", "IV"],
        ["B", "cet1: distance between slices (mm)", "8"],
    ]
    assert found["warning"].tolist()[:2] == [
        "far above most patients of the training cohort",
        "no patient of the training cohort has it",
    ]


def test_a_value_that_is_filled_is_named(population: dict):
    found = warnings(population, formula("age"), patients(age=[np.nan, 40.0]), None)
    assert found[["patient_id", "training"]].values.tolist() == [["A", "51.5"]]


def test_another_unit_is_refused_and_an_old_cohort_is_not(population: dict):
    check_units(population, patients(age=[80.0, 95.0]), [AGE])
    with pytest.raises(InputError, match=r"age: the median is 6000, .*Age \(years\)\); is it in another unit"):
        check_units(population, patients(age=[4800.0, 7200.0]), [AGE])
    with pytest.raises(InputError, match=r"age: the median is 0\.5"):
        check_units(population, patients(age=[0.5, 0.5]), [AGE])
    check_units(population, patients(age=[0.0]), [AGE])  # 0 in any unit


EBV = Variable("ebv_dna", "continuous", label="EBV DNA (copies/mL)")


@pytest.fixture(scope="module")
def copies() -> np.ndarray:
    """Many sizes, and 0 where nothing was found, so that no value is far below the range."""
    rng = np.random.default_rng(1)
    return np.where(rng.random(300) < 0.2, 0.0, np.exp(rng.uniform(np.log(50), np.log(400_000), 300)))


@pytest.mark.parametrize("scale", [lambda x: x / 1000, np.log10, lambda x: x * 1000], ids=["thousands", "log", "mL"])
@pytest.mark.parametrize("n", [8, 100])
def test_ebv_dna_in_another_scale_is_refused(copies: np.ndarray, scale, n: int):
    known = summary(pd.DataFrame({"ebv_dna": copies[:200]}), [EBV], None)
    others = pd.DataFrame({"ebv_dna": scale(np.maximum(copies[200:], 1)[:n])})
    with pytest.raises(InputError, match=r"ebv_dna: the median is .*EBV DNA \(copies/mL\)\); is it in another unit"):
        check_units(known, others, [EBV])
    check_units(known, pd.DataFrame({"ebv_dna": copies[200:][:n]}), [EBV])


@pytest.mark.parametrize("share", [0.5, 0.7])
def test_ebv_dna_in_thousands_is_refused_where_most_patients_have_none(copies: np.ndarray, share: float):
    values = np.where(np.arange(300) % 10 < 10 * share, 0.0, np.maximum(copies, 50))
    known = summary(pd.DataFrame({"ebv_dna": values[:200]}), [EBV], None)
    assert known["clinical"]["ebv_dna"]["median"] < 100
    with pytest.raises(InputError, match="convert it; if the unit is right, add --same-unit ebv_dna"):
        check_units(known, pd.DataFrame({"ebv_dna": values[200:] / 1000}), [EBV])
    check_units(known, pd.DataFrame({"ebv_dna": values[200:]}), [EBV])


def test_the_median_of_few_values_above_0_is_not_told():
    few, more = (
        summary(pd.DataFrame({"ebv_dna": [0.0] * 200 + [900.0] * n}), [EBV], None)["clinical"]["ebv_dna"]
        for n in (10, 11)
    )
    assert ("median_above_0" in few, more["median_above_0"]) == (False, 900)


def test_an_early_cohort_with_little_ebv_dna_is_not_in_another_unit(copies: np.ndarray):
    known = summary(pd.DataFrame({"ebv_dna": copies}), [EBV], None)
    for values in ([0.0, 0.0, 60.0, 80.0, 300.0, 900.0], [0.0] * 12, [3.0]):
        check_units(known, pd.DataFrame({"ebv_dna": values}), [EBV])
