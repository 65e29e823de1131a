import pytest

from npc.cohort import cell


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4,000", ["4000 if the comma separates thousands", "4.000 if it is a decimal comma", "write 4000 or 4.000"]),
        ("-1,250", ["-1250", "-1.250"]),
        ("41,5", ["decimal comma; write a decimal point"]),
        ("0,125", ["decimal comma"]),
        ("1234,567", ["decimal comma"]),
        ("1,234,567", ["commas between thousands; write 1234567"]),
        ("1,234.5", ["commas between thousands; write 1234.5"]),
        ("4.000,5", ["separators between thousands; write 4000.5"]),
        ("1.234.567", ["write 1234567"]),
        ("4 000", ["write 4000"]),
        ("4'000", ["write 4000"]),
        ("2011-03-04", ["a date"]),
        ("04.03.2011", ["a date"]),
        ("4/3/11", ["a date"]),
    ],
)
def test_what_was_meant_as_a_number_is_explained(text, words):
    found = cell.misread(text)
    assert found is not None
    assert all(word in found for word in words), found


@pytest.mark.parametrize("text", ["4", "-4.000", "1e3", "4000", "old", "", ",", "1,23,4", "nan", "P1,2"])
def test_numbers_and_other_texts_are_not(text):
    assert cell.misread(text) is None
