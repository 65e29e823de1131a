import pandas as pd
import pytest

from npc.cohort.clinical import Variable
from npc.cohort.suspicious import unlikely


def patients(**columns: list[float]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.Index([f"P{i}" for i in range(n)], name="patient_id"))


def test_a_time_far_out_is_unlikely():
    """Quartiles of 20 to 40 by 20: 25 and 35, and the limit is 65, but never below ten years."""
    times = [20.0, 25, 30, 35, 40]
    assert unlikely(patients(dmfs_months=times), ["dmfs_months"], []) == []
    assert unlikely(patients(dmfs_months=[*times, 119]), ["dmfs_months"], []) == []
    (warning,) = unlikely(patients(dmfs_months=[*times, 365]), ["dmfs_months"], [])
    assert warning.startswith("patient P5: dmfs_months is 365, far more than of the other patients (limit 120)")


def test_a_long_follow_up_among_long_ones_is_likely():
    assert unlikely(patients(dmfs_months=[60.0, 90, 120, 150, 180, 260]), ["dmfs_months", "os_months"], []) == []


def test_a_last_contact_before_the_end_of_follow_up_is_unlikely():
    table = patients(dmfs_months=[10.0, 20, 30], os_months=[10.0, 5, 29.6], dm_event=[1, 0, 1], os_event=[0, 0, 0])
    (warning,) = unlikely(table, ["dmfs_months", "os_months"], [])
    assert warning == "patient P1: os_months is 5, a last contact before dmfs_months (20); which one is right?"


def test_a_negative_age_is_unlikely():
    assert unlikely(patients(age=[40.0, -1.2]), [], ["age"]) == ["patient P1: age is -1.2, less than 0 years"]


@pytest.mark.parametrize(
    ("name", "kind", "is_age"),
    [
        ("age", "continuous", True),
        ("Age_at_diagnosis", "continuous", True),
        ("年龄", "continuous", True),
        ("age", "binary", False),
        ("t_stage", "continuous", False),
        ("age_months", "continuous", False),
        ("dosage", "continuous", False),
    ],
)
def test_an_age_is_known_by_its_name(name, kind, is_age):
    assert Variable(name, kind).is_age == is_age
