"""Broken tables of patients: what spreadsheets, typists and exports make of one."""

import csv
from datetime import date, timedelta
from pathlib import Path

from tests.broken_inputs.corpus import kind

FILE = "patients.csv"


def read(folder: Path) -> list[dict[str, str]]:
    with (folder / FILE).open(newline="") as file:
        return list(csv.DictReader(file))


def write(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / FILE).open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def set_cell(folder: Path, patient: str, column: str, value: str) -> None:
    write(folder, [row | {column: value} if row["patient_id"] == patient else row for row in read(folder)])


def replace(folder: Path, old: str, new: str) -> None:
    """The first place in the table's text."""
    content = (folder / FILE).read_text()
    assert old in content
    (folder / FILE).write_text(content.replace(old, new, 1))


# --- the file ---------------------------------------------------------------------------------------------------------


@kind(FILE, "is missing", "put")
def no_table(folder: Path) -> None:
    (folder / FILE).unlink()


@kind(FILE, "is empty", "column names")
def empty_table(folder: Path) -> None:
    (folder / FILE).write_text("\n")


@kind(FILE, "there is no patient", "a line for each")
def header_alone(folder: Path) -> None:
    (folder / FILE).write_text((folder / FILE).read_text().splitlines()[0] + "\n")


@kind(FILE, "is not UTF-8 text", "CSV UTF-8")
def latin_1(folder: Path) -> None:
    replace(folder, "south", "Süd")
    (folder / FILE).write_bytes((folder / FILE).read_text().encode("latin-1"))


@kind(FILE, "spreadsheet", "CSV UTF-8")
def a_workbook(folder: Path) -> None:
    (folder / FILE).write_bytes(b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00b\xee\x9dh" * 20)


@kind("patients.xlsx", "can't be read as an Excel workbook", "CSV UTF-8")
def a_damaged_workbook(folder: Path) -> None:
    (folder / FILE).unlink()
    (folder / "patients.xlsx").write_bytes(b"PK\x03\x04" * 20)


@kind("cohort.sheet=Outcome", "there is no", "patients.xlsx", "remove cohort.sheet")
def a_sheet_without_a_workbook(folder: Path) -> list[str]:
    return ["cohort.sheet=Outcome"]


@kind(FILE, "not a text file", "CSV UTF-8")
def null_bytes(folder: Path) -> None:
    replace(folder, "south", "so\0uth")


@kind("patients.csv, line 3", "not CSV", "quote")
def unclosed_quote(folder: Path) -> None:
    replace(folder, "P2,north", 'P2,"north')


@kind("patients.csv, line 3", "20 cells under 19 column names", "commas")
def ragged_line(folder: Path) -> None:
    replace(folder, "P2,north,52", "P2,north,52,5")


@kind(FILE, "column age occurs twice", "keep one")
def duplicate_column(folder: Path) -> None:
    replace(folder, "sex", "age")


@kind(FILE, "column 4 has no name", "name it")
def nameless_column(folder: Path) -> None:
    replace(folder, ",sex,", ",,")


@kind(FILE, "there is no column t_stage", "declare your own")
def missing_column(folder: Path) -> None:
    write(folder, [{name: cell for name, cell in row.items() if name != "t_stage"} for row in read(folder)])


@kind(FILE, "there is no column centre (is it center?)", "add it")
def misspelt_column(folder: Path) -> None:
    replace(folder, "centre", "center")


# --- patients ---------------------------------------------------------------------------------------------------------


@kind("line 4, patient P2", "occurs more than once", "one line for each patient")
def duplicate_id(folder: Path) -> None:
    replace(folder, "P3,", "P2,")


@kind("line 4, patient P/3", "file name", "letters, digits")
def id_with_a_slash(folder: Path) -> None:
    replace(folder, "P3,", "P/3,")


@kind("line 4", "patient_id is empty", "give each patient an id")
def no_id(folder: Path) -> None:
    replace(folder, "P3,", " ,")


@kind("line 4, patient P3", "centre is empty", "hospital")
def no_centre(folder: Path) -> None:
    set_cell(folder, "P3", "centre", "NA")


@kind(FILE, "'north' and 'North' differ only in", "one way")
def centre_in_two_spellings(folder: Path) -> None:
    set_cell(folder, "P3", "centre", "North")


@kind("line 3, patient P2", "t_stage is 'T5'", "T1, T2, T3, T4")
def unknown_level(folder: Path) -> None:
    set_cell(folder, "P2", "t_stage", "T5")


@kind("line 2, patient P1", "age is 'old'", "not a finite number")
def text_for_a_number(folder: Path) -> None:
    set_cell(folder, "P1", "age", "old")


@kind("line 2, patient P1", "age is '41,5'", "decimal comma", "decimal point")
def decimal_comma(folder: Path) -> None:
    set_cell(folder, "P1", "age", "41,5")


# --- outcomes ---------------------------------------------------------------------------------------------------------


@kind("line 5, patient P4", "os_months is '-3'", "less than 0")
def negative_months(folder: Path) -> None:
    set_cell(folder, "P4", "os_months", "-3")


@kind(FILE, "the median of dmfs_months is 780", "are these days?")
def months_that_are_days(folder: Path) -> None:
    for patient, days in (("P1", "365"), ("P2", "1461"), ("P3", "549"), ("P4", "1011")):
        set_cell(folder, patient, "dmfs_months", days)
        for column in ("diagnosis_date", "metastasis_date", "last_follow_up"):
            set_cell(folder, patient, column, "")


@kind("line 5, patient P4", "dm_event is '2'", "1 for an event")
def event_of_2(folder: Path) -> None:
    set_cell(folder, "P4", "dm_event", "2")


@kind("line 5, patient P4", "dm_event is empty", "endpoint needs it")
def no_event(folder: Path) -> None:
    set_cell(folder, "P4", "dm_event", "")


@kind(FILE, "dm_event is 0 in all 4 patients", "both classes")
def one_class(folder: Path) -> None:
    for patient in ("P1", "P3"):
        set_cell(folder, patient, "dm_event", "0")
        set_cell(folder, patient, "metastasis_date", "")
        set_cell(folder, patient, "dmfs_months", {"P1": "36", "P3": "24"}[patient])


@kind("line 2, patient P1", "dmfs_months is 20 but", "12.0 months", "correct one")
def months_against_dates(folder: Path) -> None:
    set_cell(folder, "P1", "dmfs_months", "20")


@kind("line 2, patient P1", "dm_event is 0 but metastasis_date is 2013-01-10", "correct one")
def event_against_date(folder: Path) -> None:
    set_cell(folder, "P1", "dm_event", "0")


@kind("line 3, patient P2", "last_follow_up is '2016-02-30'", "not a day of the calendar")
def impossible_date(folder: Path) -> None:
    set_cell(folder, "P2", "last_follow_up", "2016-02-30")


@kind(
    "line 3, patient P2",
    "last_follow_up is '01/03/2016'",
    "'2016-03-01' or '2016-01-03'",
    "day_first",
    "year-month-day",
)
def date_in_another_order(folder: Path) -> None:
    set_cell(folder, "P2", "last_follow_up", "01/03/2016")


@kind("line 2, patient P1", "metastasis_date 2011-01-10 is before diagnosis_date 2012-01-10", "correct")
def date_before_diagnosis(folder: Path) -> None:
    set_cell(folder, "P1", "metastasis_date", "2011-01-10")


@kind("line 2, patient P1", "is in the future", "correct")
def date_in_the_future(folder: Path) -> None:
    set_cell(folder, "P1", "last_follow_up", str(date.today() + timedelta(days=400)))


# --- paths ------------------------------------------------------------------------------------------------------------


@kind("line 3, patient P2", "cet1_image is 'P2/gone.nii.gz'", "no such file", "correct the path")
def absent_file(folder: Path) -> None:
    set_cell(folder, "P2", "cet1_image", "P2/gone.nii.gz")


@kind("line 3, patient P2", "cet1_image is '/etc/hostname'", "not relative")
def absolute_path(folder: Path) -> None:
    set_cell(folder, "P2", "cet1_image", "/etc/hostname")


@kind("line 3, patient P2", "cet1_image is '../image.nii.gz'", "which is outside of")
def path_out_of_the_folder(folder: Path) -> None:
    (folder / "P2" / "cet1.nii.gz").rename(folder.parent / "image.nii.gz")
    set_cell(folder, "P2", "cet1_image", "../image.nii.gz")


@kind("line 3, patient P2", "cet1_image is 'P2/cet1.nii.gz', which is outside of", "put the file into")
def link_out_of_the_folder(folder: Path) -> None:
    inside = folder / "P2" / "cet1.nii.gz"
    inside.symlink_to(inside.rename(folder.parent / "image.nii.gz"))


@kind("line 3, patient P2", "cet1_mask is empty but cet1_image is not", "outline")
def image_without_outline(folder: Path) -> None:
    set_cell(folder, "P2", "cet1_mask", "")


@kind("line 3, patient P2", "cet1_image is empty but cet1_mask is not", "image")
def outline_without_image(folder: Path) -> None:
    set_cell(folder, "P2", "cet1_image", "")


@kind("line 3, patient P2", "cet1_mask is the same file as cet1_image", "outline")
def image_as_its_own_outline(folder: Path) -> None:
    set_cell(folder, "P2", "cet1_mask", "P2/cet1.nii.gz")


@kind("line 5, patient P4", "cet1_image is 'P3/cet1.nrrd'", "of patient 'P3'", "its own")
def image_of_another_patient(folder: Path) -> None:
    set_cell(folder, "P4", "cet1_image", "P3/cet1.nrrd")
    set_cell(folder, "P4", "cet1_mask", "P4/mask.mha")
