from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from npc.cohort.workbook import read_xlsx
from npc.errors import InputError


def write(path: Path, *rows: list[object], formats: dict[str, str] | None = None) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for place, shown_as in (formats or {}).items():
        book.active[place].number_format = shown_as
    book.save(path / "patients.xlsx")
    return path / "patients.xlsx"


def test_each_cell_is_read_as_the_sheet_shows_it(tmp_path):
    file = write(
        tmp_path,
        ["patient_id", "age", "day", "at", "other", None],
        [7, 51.0, date(2016, 4, 3), datetime(2016, 4, 3, 12, 30), True, None],
        [None],
        [8, 51.5, None, "03/04/2016", "007", None],
        formats={"A2": "000", "A4": '"P"0000', "B2": "0.00"},
    )
    table = read_xlsx(file)
    assert table.index.tolist() == [2, 4]
    assert table.loc[2].tolist() == ["007", "51", "2016-04-03", "2016-04-03 12:30:00", "1"]
    assert table.loc[4].tolist() == ["P0008", "51.5", "", "03/04/2016", "007"]
    assert table.attrs["read"] == "patients.xlsx, sheet Sheet, 2 rows"


def test_formulas_without_stored_values_are_faults_of_one_kind(tmp_path):
    file = write(tmp_path, ["patient_id", "age"], *([i, f"=40+{i}"] for i in range(5)))
    with pytest.raises(InputError) as caught:
        read_xlsx(file)
    assert len(caught.value.faults) == 5
    assert "patients.xlsx, cell B2: has a formula but no value; open the file in Excel and save it" in str(caught.value)
    assert "(5 faults of this kind: cell B2; cell B3; cell B4; ...)" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK", bytes.fromhex("d0cf11e0a1b11ae1") * 9])
def test_what_is_no_workbook_is_refused(tmp_path, content):
    (tmp_path / "patients.xlsx").write_bytes(content)
    with pytest.raises(InputError, match="can't be read as an Excel workbook"):
        read_xlsx(tmp_path / "patients.xlsx")
