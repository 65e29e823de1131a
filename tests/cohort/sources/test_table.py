from pathlib import Path

import pandas as pd
import pytest
from omegaconf import DictConfig, OmegaConf

from npc.cohort.load import load
from npc.cohort.sources.table import read
from npc.errors import InputError

HEADER = "patient_id,centre,age,dmfs_months,dm_event,cet1_image,cet1_mask\n"


def write(root: Path, content: str | bytes) -> Path:
    (root / "patients.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def fault(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(root, ["cet1"])
    return str(caught.value)


def config(folder: Path, **changes: object) -> DictConfig:
    cohort = {
        "_target_": "npc.cohort.sources.table.read",
        "name": "ours",
        "root": str(folder),
        "sequences": ["cet1", "t2"],
        "clinical": {"age": {"kind": "continuous", "levels": None, "cut": ">= 60"}},
        "missing": "error",
    }
    return OmegaConf.create(cohort | changes)


ENDPOINT = OmegaConf.create({"event": "dm_event", "time": "dmfs_months"})


def cohort_folder(root: Path) -> Path:
    rows = ["010,B,61,12.5,1,10.nii,10m.nii", "9,B,,30,0,9.nii,9m.nii", "007,A,45.5,3,0,7.nii,7m.nii"]
    for row in rows:
        for name in row.split(",")[-2:]:
            (root / name).touch()
    return write(root, HEADER + "\n".join(rows) + "\n")


def test_a_missing_table_or_folder_is_named(tmp_path):
    assert fault(tmp_path) == f"{tmp_path}/patients.csv is missing; put the cohort's table there"
    gone = tmp_path / "gone"
    assert fault(gone) == f"cohort.root: there is no folder {gone}; set cohort.root to the cohort's folder"


SHEETS = {
    "Notes": [["read me"]],
    "Patients": [["patient_id", "centre", "age", "dmfs_months", "dm_event", "cet1_image", "cet1_mask"]],
}


def workbook(root: Path) -> None:
    """The same patients in an Excel workbook, whose first sheet is another one."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in SHEETS.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    page.append([10, "B", 61, 12.5, 1, "10.nii", "10m.nii"])
    page.append([7, "A", 45.5, 3, 0, "7.nii", "7m.nii"])
    for row in (2, 3):
        page.cell(row, 1).number_format = "000"
    book.save(root / "patients.xlsx")


def test_a_workbook_is_read_where_there_is_no_text_file_or_a_sheet_is_asked_for(tmp_path):
    workbook(cohort_folder(tmp_path))
    of_text, of_sheet = (load(config(tmp_path, sheet=sheet), ENDPOINT, ["cet1"]) for sheet in (None, "Patients"))
    assert of_text.read == ("patients.csv, UTF-8, separated by commas, 3 rows (patients.xlsx beside it is not read)")
    assert of_sheet.read == "patients.xlsx, sheet Patients, 2 rows (patients.csv beside it is not read)"
    pd.testing.assert_frame_equal(of_sheet.patients, of_text.patients.loc[["007", "010"]])


def test_a_sheet_that_is_not_there_is_reported_with_those_that_are(tmp_path):
    workbook(tmp_path)
    with pytest.raises(InputError, match=r"cohort\.sheet=Outcome: .*xlsx has no such sheet; choose one of Notes, Pat"):
        load(config(tmp_path, sheet="Outcome"), ENDPOINT, ["cet1"])
    with pytest.raises(InputError, match=r"cohort\.sheet=A: npc.cohort.sources.foshan.read reads no sheet"):
        load(config(tmp_path, sheet="A", _target_="npc.cohort.sources.foshan.read"), ENDPOINT, ["cet1"])


def test_a_table_of_semicolons_decimal_commas_and_declared_dates_is_that_of_commas(tmp_path):
    rows = ["P1;A;61,5;31.01.2015;03/04/2016;;", "P2;B;40;01.02.2015;;01.02.2018;"]
    header = "patient_id;centre;age;diagnosis_date;metastasis_date;last_follow_up;notes"
    write(tmp_path, "\n".join([header, *rows]))
    cohort = load(config(tmp_path, date_order="day_first"), ENDPOINT, [])
    assert cohort.read == "patients.csv, UTF-8, separated by semicolons, 2 rows, decimal commas"
    assert cohort.patients["age"].tolist() == [61.5, 40]
    days = cohort.patients["dmfs_months"] * 30.4375
    assert days.round().tolist() == [428, 1096]  # 31 January 2015 to 3 April 2016; 1 February 2015 to 2018


def test_a_fault_of_many_patients_is_told_once_with_their_number(tmp_path):
    header = "patient_id,centre,age,diagnosis_date,metastasis_date,last_follow_up\n"
    rows = [f"P{i},A,50,2015-01-31,,0{i}/04/2018\n" for i in range(1, 8)]
    with pytest.raises(InputError) as caught:
        load(config(write(tmp_path, header + "".join(rows))), ENDPOINT, [])
    _, only = str(caught.value).splitlines()
    assert "(7 faults of this kind: line 2, patient P1; line 3, patient P2; line 4, patient P3; ...)" in only
    assert "which is '2018-04-01' or '2018-01-04'; set cohort.date_order=day_first or month_first" in only


def test_loads_a_sorted_and_typed_cohort(tmp_path):
    cohort = load(config(cohort_folder(tmp_path)), ENDPOINT, ["cet1"])
    assert (cohort.name, cohort.root, cohort.sequences) == ("ours", tmp_path, ("cet1", "t2"))
    assert cohort.patients.index.tolist() == ["007", "010", "9"]
    assert cohort.patients.index.name == "patient_id"
    assert cohort.patients.loc["010", ["age", "dmfs_months", "dm_event", "cet1_image"]].tolist() == [
        61.0,
        12.5,
        1,
        "10.nii",
    ]
    assert cohort.patients["age"].isna().tolist() == [False, False, True]
    assert cohort.exclusions.empty
    assert cohort.exclusions.columns.tolist() == ["patient_id", "centre", "reason"]


def test_load_reports_dates_and_other_faults_together(tmp_path):
    content = (
        "patient_id,centre,age,diagnosis_date,metastasis_date,last_follow_up\n"
        "a,A,old,2015-01-01,,2016-01-01\n"
        "b,A,50,2015-01-01,2014-01-01,2016-01-01\n"
        "c,A,50,,,2016-01-01\n"
    )
    with pytest.raises(InputError) as caught:
        load(config(write(tmp_path, content)), ENDPOINT, [])
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/patients.csv: 3 faults:",
        "  - patients.csv, line 2, patient a: age is 'old', not a finite number; write one with a decimal point "
        "or leave the cell empty",
        "  - patients.csv, line 3, patient b: metastasis_date 2014-01-01 is before diagnosis_date 2015-01-01; "
        "correct the wrong one",
        "  - patients.csv, line 4, patient c: diagnosis_date missing (dm_event is 0) and no dmfs_months; give either",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"root": None}, "cohort.root is not set"),
        ({"root": "???"}, "cohort.root is not set"),
        ({"_target_": "npc.cohort.nowhere.read"}, "cohort._target_: there is no source npc.cohort.nowhere.read"),
        ({"clinical": {"sex": {"kind": "binry"}}}, "cohort.clinical.sex.kind is 'binry'; choose one of continuous"),
        ({"missing": "ignore"}, "cohort.missing is 'ignore'; choose one of error, exclude, exclude_any, mask"),
    ],
)
def test_a_wrong_config_is_named_by_its_key(tmp_path, changes, message):
    with pytest.raises(InputError, match=r"^cohort\.") as caught:
        load(config(cohort_folder(tmp_path), **changes), ENDPOINT, ["cet1"])
    assert message in str(caught.value)


def test_a_sequence_that_the_cohort_does_not_have_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"cohort ours has no adc; cohort\.sequences has cet1, t2"):
        load(config(cohort_folder(tmp_path)), ENDPOINT, ["adc"])
