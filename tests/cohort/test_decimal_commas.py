import pandas as pd
import pytest

from npc.cohort.decimal_commas import with_points


def table(*values: str, commas: bool = True) -> pd.DataFrame:
    made = pd.DataFrame({"patient_id": ["1,5"] * len(values), "ebv": values})
    made.attrs = {"may_have_decimal_commas": commas, "read": "patients.csv"}
    return made


def test_a_table_that_shows_decimal_commas_is_read_with_them():
    read, faults = with_points(table("12,5", "4,000", "7", "", "old"), ["patient_id"])
    assert read["ebv"].tolist() == ["12.5", "4.000", "7", "", "old"]
    assert set(read["patient_id"]) == {"1,5"}
    assert not faults
    assert read.attrs["read"] == "patients.csv, decimal commas"


@pytest.mark.parametrize("values", [("4,000", "7"), ("12,5", "12.5"), ("1", "2.5")])
def test_commas_with_two_meanings_are_left_to_the_check(values):
    read, faults = with_points(table(*values), ["patient_id"])
    assert read["ebv"].tolist() == list(values)
    assert not faults


def test_a_point_of_thousands_among_decimal_commas_is_a_fault():
    _, faults = with_points(table("12,5", "4.000"), ["patient_id"])
    assert faults == {
        1: ["ebv is '4.000', in a table with decimal commas; write 4000, or 4,000 if it is a decimal point"]
    }


def test_a_table_of_commas_is_left_as_it_is():
    assert with_points(table("12,5", commas=False), [])[0]["ebv"].tolist() == ["12,5"]
