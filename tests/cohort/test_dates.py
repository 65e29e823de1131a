import pandas as pd
import pytest

from npc.cohort.dates import to_months


def row(**cells: str | None) -> pd.DataFrame:
    dates = {"diagnosis_date": "2010-01-01", "metastasis_date": "", "last_follow_up": "2012-01-01"}
    return pd.DataFrame([{"patient_id": "a", **dates, **cells}])


def faults(**cells: str | None) -> list[str]:
    return to_months(row(**cells))[1].get(0, [])


def test_a_table_without_dates_is_left_as_it_is():
    table = pd.DataFrame({"patient_id": ["a"], "dmfs_months": ["3"]})
    assert to_months(table)[0] is table


def test_time_runs_to_last_follow_up_without_metastasis():
    filled, found = to_months(row())
    assert not found
    assert filled.at[0, "dm_event"] == "0"
    assert filled.at[0, "dmfs_months"] == pytest.approx(730 / 30.4375)


def test_time_runs_to_metastasis_where_there_is_one():
    filled, found = to_months(row(metastasis_date="2010-03-02", last_follow_up=""))
    assert not found
    assert filled.at[0, "dm_event"] == "1"
    assert filled.at[0, "dmfs_months"] == pytest.approx(60 / 30.4375)


def test_survival_runs_to_last_follow_up_where_only_its_event_is_given():
    filled, _ = to_months(row(metastasis_date="2010-03-02", os_event="1"))
    assert filled.at[0, "os_months"] == pytest.approx(730 / 30.4375)
    assert to_months(row(os_event="1", os_months="5"))[0].at[0, "os_months"] == "5"


def test_a_date_with_midnight_is_accepted():
    assert not faults(diagnosis_date="2010-01-01 00:00:00")
    assert not faults(diagnosis_date="2010-01-01T00:00:00")


@pytest.mark.parametrize("day", ["2010-3-2", "2010/03/02", "2010.3.2", "2010年3月2日"])
def test_a_date_that_begins_with_the_year_needs_no_declaration(day):
    assert to_months(row(metastasis_date=day))[0].at[0, "dmfs_months"] == pytest.approx(60 / 30.4375)


@pytest.mark.parametrize(("day", "order"), [("02/03/2010", "day_first"), ("3.2.2010", "month_first")])
def test_a_declared_order_reads_dates_that_end_with_the_year(day, order):
    filled, found = to_months(row(metastasis_date=day), order)
    assert not found
    assert filled.at[0, "dmfs_months"] == pytest.approx(60 / 30.4375)


def test_a_declared_order_that_a_date_contradicts_is_named():
    (found,) = to_months(row(metastasis_date="03/25/2010"), "day_first")[1][0]
    assert "metastasis_date is '03/25/2010', not a day of the calendar" in found
    assert found.endswith("or correct cohort.date_order=day_first")


def test_months_are_kept_where_the_dates_agree_within_half_a_month():
    filled, found = to_months(row(dmfs_months="24"))  # the dates give 23.98
    assert not found
    assert filled.at[0, "dmfs_months"] == "24"


def test_months_are_kept_where_dates_are_not_known():
    filled, found = to_months(row(dmfs_months="7", diagnosis_date=""))
    assert not found
    assert filled.at[0, "dmfs_months"] == "7"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"diagnosis_date": "2011-02-30"},
            "diagnosis_date is '2011-02-30', not a day of the calendar; write year-month-day",
        ),
        ({"diagnosis_date": "01.02.2011"}, "diagnosis_date is '01.02.2011', not a date"),
        ({"diagnosis_date": "1900-01-01"}, "diagnosis_date 1900-01-01 is before 1950; correct it"),
        ({"last_follow_up": "20120101"}, "last_follow_up is '20120101', not a date"),
        ({"last_follow_up": "2009-12-31"}, "last_follow_up 2009-12-31 is before diagnosis_date 2010-01-01"),
        ({"metastasis_date": "2009-12-31"}, "metastasis_date 2009-12-31 is before diagnosis_date 2010-01-01"),
        ({"metastasis_date": "2013-01-01"}, "last_follow_up 2012-01-01 is before metastasis_date 2013-01-01"),
        ({"diagnosis_date": "", "last_follow_up": ""}, "diagnosis_date and last_follow_up missing (dm_event is 0)"),
        ({"dm_event": "1"}, "metastasis_date missing (dm_event is 1) and no dmfs_months; give either"),
        ({"dm_event": "0", "metastasis_date": "2011-01-01"}, "dm_event is 0 but metastasis_date is 2011-01-01"),
        ({"dmfs_months": "23.4"}, "dmfs_months is 23.4 but diagnosis_date to last_follow_up is 24.0 months"),
    ],
)
def test_each_fault_is_reported_once(cells, message):
    found = faults(**cells)
    assert len(found) == 1
    assert message in found[0]


def test_an_unreadable_event_is_left_to_the_schema():
    filled, found = to_months(row(dm_event="maybe"))
    assert not found
    assert filled.at[0, "dm_event"] == "maybe"
