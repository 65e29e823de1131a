"""Dates instead of months: time from diagnosis to metastasis or to the last follow-up."""

import re
from collections.abc import Hashable
from datetime import date

import pandas as pd

from npc.cohort import cell

DAYS_PER_MONTH = 30.4375  # 365.25 / 12
DATES = ("diagnosis_date", "metastasis_date", "last_follow_up")
AGREEMENT = 0.5  # months; tables often give them rounded to whole months
EARLIEST = date(1950, 1, 1)  # spreadsheets write an empty date as 1899-12-30 or 1900-01-01

# Dates whose year comes first need no declaration; of the others, the order of day and month must be declared.
YEAR_FIRST = "year_first"
ORDERS = {"day_first": (2, 1), "month_first": (1, 2)}  # the groups of month and of day in `_YEAR_LAST`
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")

Faults = dict[Hashable, list[str]]


def to_months(table: pd.DataFrame, order: str = YEAR_FIRST) -> tuple[pd.DataFrame, Faults]:
    """Fill `dmfs_months`, `dm_event` and `os_months` from the dates of a table that has them.

    The event is that of `dm_event` or, without such a column, whether there is a `metastasis_date`. Its time runs
    from `diagnosis_date` to `metastasis_date` (event) or `last_follow_up` (no event). Where a patient has months
    too, these are kept; the dates must agree with them within half a month. `os_months` is filled only where there
    is an `os_event` but no `os_months`; the last follow-up of a patient who died is the date of death.

    Args:
        table: the raw table of a source.
        order: of day and month in dates that end with the year: `day_first`, `month_first`, or `year_first` where
            there are no such dates.

    Returns:
        The table, and for each row with wrong dates the faults, as ends of sentences that begin with the patient; such
        rows keep the months that they had.
    """
    if not any(name in table for name in DATES) or not ("dm_event" in table or "metastasis_date" in table):
        return table, {}
    filled, faults = table.copy(), {}
    times, events, survival = [], [], []
    for row, cells in table.iterrows():
        patient = _Patient(cells, order)
        times.append(patient.dmfs())
        events.append(patient.event)
        survival.append(patient.months_to("last_follow_up"))
        if patient.faults:
            faults[row] = patient.faults
    filled["dmfs_months"], filled["dm_event"] = pd.Series(times, table.index), pd.Series(events, table.index)
    if "os_event" in table and "os_months" not in table:
        filled["os_months"] = pd.Series(survival, table.index)
    return filled, faults


class _Patient:
    """The dates of one row, and their faults."""

    def __init__(self, cells: pd.Series, order: str) -> None:
        self.faults: list[str] = []
        self.order = order
        self.given = cell.text(cells.get("dmfs_months"))
        self.dates = {name: self._date(name, cell.text(cells.get(name))) for name in DATES}
        if "dm_event" in cells:
            self.event = cell.code(cell.text(cells["dm_event"]))
        else:
            self.event = "0" if cell.text(cells["metastasis_date"]) is None else "1"
        self._check_order()

    def _date(self, name: str, written: str | None) -> date | None:
        if written is None:
            return None
        day, _, hour = written.replace("T", " ").partition(" ")
        numbers = None if hour.strip("0:.") else _numbers(day, self.order)
        if numbers is None:
            self.faults.append(f"{name} is '{written}', {_misread(day)}")
            return None
        try:
            parsed = date(*numbers)
        except ValueError:
            self.faults.append(
                f"{name} is '{written}', not a day of the calendar; write year-month-day, such as 2013-02-28"
                + (f", or correct cohort.date_order={self.order}" if _YEAR_LAST.fullmatch(day) else "")
            )
            return None
        if parsed > date.today():
            self.faults.append(f"{name} {parsed} is in the future; correct it")
        if parsed < EARLIEST:
            self.faults.append(f"{name} {parsed} is before {EARLIEST.year}; correct it, or leave the cell empty")
        return parsed

    def _check_order(self) -> None:
        for first, second in (DATES[:2], DATES[::2], DATES[1:]):
            before, after = self.dates[first], self.dates[second]
            if before and after and after < before:
                self.faults.append(f"{second} {after} is before {first} {before}; correct the wrong one")
        if self.event == "0" and self.dates["metastasis_date"]:
            self.faults.append(
                f"dm_event is 0 but metastasis_date is {self.dates['metastasis_date']}; correct one of them"
            )

    def months_to(self, end: str) -> float | None:
        """Months from diagnosis; None where one of the dates is not known."""
        start, stop = self.dates["diagnosis_date"], self.dates[end]
        return (stop - start).days / DAYS_PER_MONTH if start and stop else None

    def dmfs(self) -> str | float | None:
        """Months from diagnosis to metastasis or last follow-up; months in the table take precedence."""
        if self.faults or self.event not in ("0", "1"):
            return self.given
        end = "metastasis_date" if self.event == "1" else "last_follow_up"
        months = self.months_to(end)
        if months is None:
            if self.given is None:
                absent = [name for name in ("diagnosis_date", end) if self.dates[name] is None]
                self.faults.append(
                    f"{' and '.join(absent)} missing (dm_event is {self.event}) and no dmfs_months; give either"
                )
            return self.given
        if self.given is None:
            return months
        if abs(cell.number(self.given) - months) > AGREEMENT:
            self.faults.append(
                f"dmfs_months is {self.given} but diagnosis_date to {end} is {months:.1f} months; correct one"
            )
        return self.given


def _numbers(day: str, order: str) -> tuple[int, int, int] | None:
    """Year, month and day; None where the text is no date or its order is not declared."""
    if found := _YEAR_FIRST.fullmatch(day):
        year, _, month, of_month, *chinese = found.groups()
        return (int(year), int(month), int(of_month)) if year else (int(chinese[0]), int(chinese[1]), int(chinese[2]))
    if (found := _YEAR_LAST.fullmatch(day)) and order in ORDERS:
        month, of_month = ORDERS[order]
        return int(found[3]), int(found[month]), int(found[of_month])
    return None


def _misread(day: str) -> str:
    """Why a text is not read as a date, and what to do."""
    if not (found := _YEAR_LAST.fullmatch(day)):
        return "not a date; write year-month-day, such as 2013-02-28"
    first, second = found[1].zfill(2), found[2].zfill(2)
    what = f"which is '{found[3]}-{second}-{first}' or '{found[3]}-{first}-{second}'"
    if max(first, second) > "12":
        what = "the order of whose day and month is not declared"
    return (
        f"not a date with one meaning, {what}; set cohort.date_order=day_first or month_first, or write year-month-day"
    )
