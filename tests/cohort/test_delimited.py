from pathlib import Path

import pytest

from npc.cohort.delimited import read_csv
from npc.errors import InputError

FILE = "patients.csv"


def write(root: Path, content: str | bytes) -> Path:
    (root / FILE).write_bytes(content.encode() if isinstance(content, str) else content)
    return root / FILE


def fault(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_csv(file)
    return str(caught.value)


def test_reads_every_cell_as_it_was_written(tmp_path):
    write(tmp_path, '\ufeffpatient_id,centre\r\n007,Süd\r\n\r\n,,\r\n0010,"A, B"\r\n')
    table = read_csv(tmp_path / FILE)
    assert table["patient_id"].tolist() == ["007", "0010"]
    assert table["centre"].tolist() == ["Süd", "A, B"]
    assert table.index.tolist() == [2, 5]  # lines of the file


def test_empty_trailing_columns_of_a_spreadsheet_are_ignored(tmp_path):
    table = read_csv(write(tmp_path, "patient_id,centre,,\na,b,,\n"))
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
        ("patient_id,centre\n1\n", "line 2: 1 cells under 2 column names"),
        ("patient_id,centre\na,b\n1,2,3\n", "line 3: 3 cells under 2 column names"),
        ("patient_id,age,age\n1,2,3\n", "column age occurs twice"),
        ("patient_id,,age\n1,2,3\n", "column 2 has no name"),
        ('patient_id,centre\n1,"2\n', "line 2: not CSV"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(tmp_path, content, message):
    assert message in fault(write(tmp_path, content))


CHINESE = "patient_id{0}centre{0}note\n007{0}佛山{0}51,5\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("codec", "told"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("utf-16-be", "UTF-16"), ("gb18030", "GB18030")],
)
def test_encoding_and_separator_are_found(tmp_path, codec, told, separator):
    content = CHINESE.format(separator).replace("51,5", '"51,5"')
    mark = b"\xfe\xff" if codec == "utf-16-be" else b""
    table = read_csv(write(tmp_path, mark + content.encode(codec)))
    assert table.iloc[0].tolist() == ["007", "佛山", "51,5"]
    name = {",": "commas", ";": "semicolons", "\t": "tabs"}[separator]
    assert table.attrs["read"] == f"patients.csv, {told}, separated by {name}, 1 rows"


def test_the_separator_that_excel_declares_is_no_row(tmp_path):
    table = read_csv(write(tmp_path, "sep=;\na;b\n1;2\n"))
    assert table.columns.tolist() == ["a", "b"]
    assert table.index.tolist() == [3]


@pytest.mark.parametrize("name", ["Süd", "Köln", "Médecine générale", "Zürich; öäü"])
def test_western_text_is_not_taken_for_chinese(tmp_path, name):
    assert "is not UTF-8 text, nor UTF-16 or GB18030" in fault(
        write(tmp_path, f"id,centre\n1,{name}\n".encode("cp1252"))
    )
