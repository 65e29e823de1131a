from pathlib import Path

import pandas as pd
import pytest

from npc.cohort.clinical import Variable, parse
from npc.cohort.schema import check
from npc.errors import InputError

CLINICAL = (
    Variable("age", "continuous"),
    Variable("sex", "binary", ("male", "female")),
    Variable("t_stage", "ordinal", ("1", "2", "3", "4")),
    Variable("histology", "categorical"),
)
SEQUENCES = ("cet1", "t2")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "cohort"
    for i in range(4):
        for name in ("cet1.nii", "cet1_mask.nii", "t2.nii", "t2_mask.nii"):
            path = folder / f"p{i}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return folder


def sound() -> pd.DataFrame:
    rows = [
        {
            "patient_id": f"00{i}",
            "centre": "AB"[i % 2],
            "age": str(40 + i),
            "sex": ["male", "female"][i % 2],
            "t_stage": f"{i + 1}.0",
            "histology": "WHO II",
            "dmfs_months": str(10.5 * i),
            "dm_event": str(i % 2),
            **{
                f"{s}_{kind}": f"p{i}/{s}{tail}.nii"
                for s in SEQUENCES
                for kind, tail in (("image", ""), ("mask", "_mask"))
            },
        }
        for i in range(4)
    ]
    return pd.DataFrame(rows, index=pd.Index(range(2, 6), name="line"))


def run(table: pd.DataFrame, root: Path, **changes: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    settings = {
        "where": "data/patients.csv",
        "root": root,
        "sequences": SEQUENCES,
        "clinical": CLINICAL,
        "missing": "error",
        "time": "dmfs_months",
        "event": "dm_event",
    }
    patients, _, exclusions, _ = check(table, **(settings | changes))
    return patients, exclusions


def faults(table: pd.DataFrame, root: Path, **changes: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        run(table, root, **changes)
    return list(caught.value.faults)


def test_a_valid_table_gets_typed_columns(root):
    patients, exclusions = run(sound(), root)
    assert patients["patient_id"].tolist() == ["000", "001", "002", "003"]
    assert patients["age"].dtype == float
    assert patients["dm_event"].dtype == "int64"
    assert patients["dmfs_months"].tolist() == [0.0, 10.5, 21.0, 31.5]
    assert patients["t_stage"].cat.ordered
    assert patients["t_stage"].tolist() == ["1", "2", "3", "4"]
    assert patients["sex"].cat.categories.tolist() == ["male", "female"]
    assert patients["histology"].cat.categories.tolist() == ["WHO II"]
    assert exclusions.empty


def test_numbers_and_booleans_of_a_source_are_accepted(root):
    table = sound().assign(age=[1, 2, 3, None], dm_event=[True, False, True, False], t_stage=[1.0, 2.0, 3.0, None])
    patients, _ = run(table, root)
    assert patients["dm_event"].tolist() == [1, 0, 1, 0]
    assert patients["t_stage"].isna().sum() == 1
    assert patients["age"].isna().sum() == 1


def test_clinical_values_may_be_missing(root):
    patients, _ = run(sound().assign(age="", sex="NA", t_stage=None), root)
    assert patients[["age", "sex", "t_stage"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (
            "sex",
            "Male",
            "sex is 'Male'; the levels are male, female: correct the cell, or the list in cohort.clinical.sex.levels",
        ),
        ("t_stage", "5", "t_stage is '5'; the levels are 1, 2, 3, 4"),
        ("age", "old", "age is 'old', not a finite number; write one with a decimal point or leave the cell empty"),
        ("age", "40,5", "age is '40,5', with a decimal comma; write a decimal point"),
        ("age", "1966-12-24", "age is '1966-12-24', a date; write a number"),
        ("age", "1966", "age is 1966: is it a year or date of birth, or in days? give the age in years"),
        ("dmfs_months", "4,000", "which is 4000 if the comma separates thousands, or 4.000 if it is a decimal comma"),
        ("dmfs_months", "730", "dmfs_months is 730, more than 50 years: are these days? 730 days are 24.0 months"),
        ("t2_image", "p1\\gone.nii", "t2_image is 'p1/gone.nii', and there is no such file or folder in "),
        ("t2_image", "..\\..\\x.nii", "t2_image is '../../x.nii', which is outside of "),
        ("t2_image", "p1\\..\\..\\x.nii", "which is outside of "),
        ("t2_image", "\\x.nii", "t2_image is '\\x.nii', which is not relative"),
        ("t2_image", "\\\\server\\share\\x.nii", "which is not relative"),
        ("t2_image", "d:x.nii", "which is not relative"),
        ("age", "1_000", "age is '1_000', not a finite number"),
        ("dmfs_months", "", "dmfs_months is empty; the endpoint needs it of every patient"),
        ("dmfs_months", "-1", "dmfs_months is '-1', less than 0; give the months from diagnosis"),
        ("dmfs_months", "inf", "dmfs_months is 'inf', not a finite number"),
        ("dm_event", "2", "dm_event is '2'; write 1 for an event and 0 for none"),
        ("dm_event", "yes", "dm_event is 'yes'; write 1"),
        ("dm_event", "", "dm_event is empty"),
        ("centre", " ", "centre is empty; name the patient's hospital"),
        ("cet1_mask", "", "cet1_mask is empty but cet1_image is not; add the outline"),
        ("cet1_image", "", "cet1_image is empty but cet1_mask is not; add the image"),
        ("t2_image", "p1/gone.nii", "t2_image is 'p1/gone.nii', and there is no such file or folder in "),
        ("t2_image", "/etc/passwd", "t2_image is '/etc/passwd', which is not relative; write it relative to"),
        ("t2_image", "C:\\t2.nii", "t2_image is 'C:\\t2.nii', which is not relative"),
        ("t2_image", "../../x.nii", "t2_image is '../../x.nii', which is outside of "),
        ("t2_image", "a\0b", "and there is no such file or folder in "),
        ("t2_image", "x" * 5000, "and there is no such file or folder in "),
    ],
)
def test_a_wrong_cell_is_reported_with_file_line_patient_and_column(root, column, value, message):
    table = sound()
    table.loc[3, column] = value
    (fault,) = faults(table, root)
    assert fault.startswith("data/patients.csv, line 3, patient 001: ")
    assert message in fault


@pytest.mark.parametrize("value", ["a/b", "a\\b", "..", "a\tb", "x" * 200])
def test_an_id_that_cannot_be_a_file_name_is_refused(root, value):
    table = sound()
    table.loc[3, "patient_id"] = value
    (fault,) = faults(table, root)
    assert "which can't be part of a file name; use up to 128 letters" in fault


def test_an_empty_id_is_reported_with_its_line(root):
    table = sound()
    table.loc[3, "patient_id"] = " "
    assert faults(table, root) == ["data/patients.csv, line 3: patient_id is empty; give each patient an id"]


def test_a_duplicate_patient_is_reported(root):
    table = sound()
    table.loc[4, "patient_id"] = "001 "
    (fault,) = faults(table, root)
    assert fault == (
        "data/patients.csv, line 4, patient 001: patient_id occurs more than once; keep one line for each patient"
    )


def test_a_link_to_outside_the_folder_is_refused(root):
    (root.parent / "secret.nii").touch()
    (root / "p1" / "link.nii").symlink_to(root.parent / "secret.nii")
    (root / "p1" / "inner.nii").symlink_to(root / "p1" / "t2.nii")
    (root / "p1" / "circle.nii").symlink_to(root / "p1" / "circle.nii")
    table = sound()
    table.loc[3, "t2_image"] = "p1/inner.nii"
    run(table, root)
    table.loc[3, "t2_image"] = "p1/link.nii"
    assert "t2_image is 'p1/link.nii', which is outside of" in faults(table, root)[0]
    table.loc[3, "t2_image"] = "p1/circle.nii"
    assert "there is no such file" in faults(table, root)[0]


def test_backslashes_are_separators_unless_a_file_has_that_name(root):
    table = sound()
    for column in ("t2_image", "t2_mask", "cet1_image", "cet1_mask"):
        table[column] = table[column].str.replace("/", "\\")
    (root / "p1\\t2.nii").touch()
    patients, _ = run(table, root)
    expected = sound()["t2_image"].tolist()
    assert patients["t2_image"].tolist() == [expected[0], "p1\\t2.nii", *expected[2:]]
    assert patients["cet1_mask"].tolist() == sound()["cet1_mask"].tolist()


def test_a_fault_of_many_patients_stands_once_with_three_of_them(root):
    table = sound().assign(sex="m", t2_image=[f"p{i}/gone.nii" for i in range(4)])
    table.loc[5, "age"] = "x"
    with pytest.raises(InputError) as caught:
        run(table, root)
    assert len(caught.value.faults) == 9
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert lines[0] == "data/patients.csv: 9 faults:"
    named = "(4 faults of this kind: line 2, patient 000; line 3, patient 001; line 4, patient 002; ...)"
    assert [line.endswith(named) for line in lines[1:]] == [True, True, False]
    assert "line 2, patient 000: sex is 'm'; the levels are male, female" in lines[1]
    assert "line 5, patient 003: age is 'x'" in lines[3]


@pytest.mark.parametrize(
    ("death", "months", "message"),
    [
        ("1", "9.9", "os_months is 9.9, a death before the metastasis (dmfs_months is 10.5); correct one of them"),
        ("1", "10", None),  # rounded to whole months
        ("0", "5", None),  # a warning
    ],
)
def test_a_death_before_the_metastasis_is_a_fault(root, death, months, message):
    table = sound().assign(os_months="40", os_event="0")
    table.loc[3, ["os_months", "os_event"]] = [months, death]
    if message is None:
        run(table, root)
    else:
        assert message in faults(table, root)[0]


def test_a_missing_column_is_reported_with_a_similar_name(root):
    table = sound().rename(columns={"centre": "Center"}).drop(columns=["age", "dmfs_months"])
    table.loc[5, "sex"] = "x\x1b[31m"
    assert faults(table, root) == [
        "patients.csv: there is no column centre (is it Center?); add it",
        "patients.csv: there is no column age; add it, or declare your own variables (cohort.clinical=null: none)",
        "patients.csv: there is no column dmfs_months; add it or the dates diagnosis_date, metastasis_date, "
        "last_follow_up (cohort.labelled=false where no outcome is known)",
        "patients.csv, line 5, patient 003: sex is 'x\\x1b[31m'; the levels are male, female: correct the cell, or the "
        "list in cohort.clinical.sex.levels",
    ]


def test_all_faults_are_reported_at_once_in_the_order_of_the_table(root):
    table = sound()
    table.loc[5, "sex"] = "x"
    table.loc[2, ["age", "dm_event"]] = ["y", "3"]
    table.loc[3, ["t2_image", "t2_mask"]] = ""
    with pytest.raises(InputError) as caught:
        run(table, root)
    lines = str(caught.value).splitlines()
    assert lines[0] == "data/patients.csv: 4 faults:"
    assert [line.split(": ")[0] for line in lines[1:]] == [
        "  - patients.csv, line 2, patient 000",
        "  - patients.csv, line 2, patient 000",
        "  - patients.csv, line 3, patient 001",
        "  - patients.csv, line 5, patient 003",
    ]
    assert lines[3].endswith("no t2 image; give it, or exclude such patients with cohort.missing=exclude")


def test_patients_without_a_sequence_are_left_out_and_counted(root):
    table = sound()
    table.loc[3, ["t2_image", "t2_mask"]] = ""
    table.loc[4, [f"{s}_{kind}" for s in SEQUENCES for kind in ("image", "mask")]] = None
    patients, exclusions = run(table, root, missing="exclude")
    assert patients["patient_id"].tolist() == ["000", "003"]
    assert exclusions.to_dict("records") == [
        {"patient_id": "001", "centre": "B", "reason": "no t2"},
        {"patient_id": "002", "centre": "A", "reason": "no cet1 and no t2"},
    ]
    assert len(run(table, root, sequences=["cet1"], missing="exclude")[0]) == 3


def test_a_sequence_that_the_run_does_not_use_is_checked_only_when_asked(root):
    table = sound()
    table.loc[3, ["t2_image", "t2_mask"]] = ""
    table.loc[4, "t2_image"] = "gone.nii"
    run(table, root, sequences=["cet1"])
    (fault,) = faults(table, root, sequences=["cet1"], also=["t2"])
    assert "t2_image is 'gone.nii'" in fault
    run(sound().drop(columns=["t2_image", "t2_mask"]), root, sequences=["cet1"], also=["t2"])


def test_a_second_readers_outline_is_checked_where_there_is_one(root):
    table = sound().assign(cet1_mask_reader2=["", "p1/gone.nii", "", ""])
    assert "cet1_mask_reader2 is 'p1/gone.nii', and there is no such file" in faults(table, root)[0]


def test_a_further_outcome_is_optional_but_checked_where_it_exists(root):
    table = sound().assign(os_months=["1", "", "31", "42"], os_event=["0", "", "1", "1"])
    patients, _ = run(table, root)
    assert patients["os_event"].isna().sum() == 1
    assert "os_months is empty" in faults(table, root, time="os_months", event="os_event")[0]
    table.loc[3, "os_event"] = "7"
    assert "os_event is '7'" in faults(table, root)[0]


def test_a_cohort_with_one_class_or_no_patient_is_refused(root):
    (fault,) = faults(sound().assign(dm_event="0"), root)
    assert fault.startswith("data/patients.csv: dm_event is 0 in all 4 patients; a model needs both classes")
    assert faults(sound().iloc[:0], root) == ["data/patients.csv: there is no patient; write a line for each"]
    (fault,) = faults(sound().assign(t2_image="", t2_mask=""), root, missing="exclude")
    assert "no patient is left (left out: 4 no t2)" in fault


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"kind": "number"}, "cohort.clinical.x.kind is 'number'; choose one of continuous, ordinal, binary"),
        ({"kind": "ordinal"}, "cohort.clinical.x.levels is missing; list the levels"),
        ({"kind": "binary", "levels": ["a", "b", "c"]}, "cohort.clinical.x.levels has 3 levels"),
        ({"kind": "ordinal", "levels": ["a", "a"]}, "cohort.clinical.x.levels names a level twice"),
        ({"kind": "continuous", "levels": ["a"]}, "cohort.clinical.x.levels: a continuous variable has no levels"),
        ({"kind": "continuous", "cut": "4000"}, "cohort.clinical.x.cut is '4000'; write a comparison and a number"),
        ({"kind": "binary", "cut": "> 1"}, "cohort.clinical.x.cut: only a continuous variable has a cut"),
    ],
)
def test_a_wrong_declaration_is_named_by_its_key(declared, message):
    with pytest.raises(InputError) as caught:
        parse({"x": declared, "y": {"kind": "continuous"}})
    assert str(caught.value).startswith(message)


def test_declared_variables_are_parsed():
    ebv, stage, sex = parse(
        {
            "ebv_dna": {"kind": "continuous", "levels": None, "cut": ">= 4000"},
            "stage": {"kind": "ordinal", "levels": [1, 2]},
            "sex": {"kind": "binary"},
        }
    )
    assert (stage.levels, sex.levels) == (("1", "2"), ("0", "1"))
    assert str(ebv.cut) == ">= 4000"
    assert ebv.cut.holds(pd.Series([3999.0, 4000.0, None])).tolist() == [False, True, pd.NA]


def test_a_variable_cannot_take_the_name_of_an_outcome():
    with pytest.raises(InputError, match=r"cohort\.clinical\.dm_event: dm_event has its own meaning"):
        parse({"dm_event": {"kind": "binary"}})


def test_a_table_that_was_checked_is_checked_again_where_it_or_its_files_changed(root):
    settings = {"where": "patients.csv", "root": root, "sequences": SEQUENCES, "clinical": CLINICAL}
    settings |= {"missing": "error", "time": "dmfs_months", "event": "dm_event"}
    *frames, known = check(sound(), **settings)
    *again, same = check(sound(), **settings, known=known)
    assert same == known
    for before, after in zip(frames, again, strict=True):
        pd.testing.assert_frame_equal(before, after)

    changed = sound().replace({"sex": "male"}, "Male")
    assert any("sex is 'Male'" in fault for fault in faults(changed, root, known=known))
    fewer = (Variable("sex", "binary", ("man", "woman")), *CLINICAL[2:])
    assert any(
        "sex is 'male'; the levels are man" in fault for fault in faults(sound(), root, known=known, clinical=fewer)
    )
    (root / "p1" / "t2.nii").unlink()
    assert any("'p1/t2.nii', and there is no such file" in fault for fault in faults(sound(), root, known=known))
    (root / "p1" / "t2.nii").symlink_to("/etc/passwd")
    assert any("which is outside of" in fault for fault in faults(sound(), root, known=known))
