from pathlib import Path

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


def test_reads_every_cell_as_it_was_written(tmp_path):
    write(tmp_path, '\ufeffpatient_id,centre\r\n007,Süd\r\n\r\n,,\r\n0010,"A, B"\r\n')
    table, root = read(tmp_path, [])
    assert root == tmp_path
    assert table["patient_id"].tolist() == ["007", "0010"]
    assert table["centre"].tolist() == ["Süd", "A, B"]
    assert table.index.tolist() == [2, 5]  # lines of the file


def test_empty_trailing_columns_of_a_spreadsheet_are_ignored(tmp_path):
    table, _ = read(write(tmp_path, "patient_id,centre,,\na,b,,\n"), [])
    assert table.columns.tolist() == ["patient_id", "centre"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "patients.csv is empty; write a line of column names"),
        ("\n \n", "patients.csv is empty"),
        (
            b"PK\x03\x04\xff\xfe",
            "patients.csv is a spreadsheet's workbook, not UTF-8 text; save the table as 'CSV UTF-8'",
        ),
        ("patient_id,centre\nö,b\n".encode("latin-1"), "not UTF-8"),
        (b"a\0b", "patients.csv is not a text file"),
        ("patient_id;centre\n1;2\n", "separated by semicolons; save it with commas"),
        ("patient_id,centre\n1\n", "line 2: 1 cells under 2 column names"),
        ("patient_id,centre\na,b\n1,2,3\n", "line 3: 3 cells under 2 column names"),
        ("patient_id,age,age\n1,2,3\n", "column age occurs twice"),
        ("patient_id,,age\n1,2,3\n", "column 2 has no name"),
        ('patient_id,centre\n1,"2\n', "line 2: not CSV"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(tmp_path, content, message):
    assert message in fault(write(tmp_path, content))


def test_a_missing_table_or_folder_is_named(tmp_path):
    assert fault(tmp_path) == f"{tmp_path}/patients.csv is missing; put the cohort's table there"
    gone = tmp_path / "gone"
    assert fault(gone) == f"cohort.root: there is no folder {gone}; set cohort.root to the cohort's folder"


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
