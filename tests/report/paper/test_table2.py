"""Table 2 as it is printed."""

import pandas as pd

from npc.cohort.clinical import parse
from npc.prognosis.characteristics import characteristics
from npc.report.paper import table2

VARIABLES = parse({
    "ebv_dna": {"kind": "continuous", "label": "EBV DNA (copies/mL)"},
    "sex": {"kind": "binary", "levels": ["women", "men"]},
})  # fmt: skip
SPLITS = {"train": "Training", "test": "External test"}


def made(ebv_dna: list[float | None], sex: list[str | None]):
    patients = pd.DataFrame({
        "split": ["train"] * 4 + ["test"] * 2, "ebv_dna": ebv_dna,
        "sex": pd.Categorical(sex, ["women", "men"]),
    })  # fmt: skip
    return characteristics(patients, VARIABLES)


def test_a_script_selects_a_column_by_its_cohort_and_a_reader_sees_the_number_of_all_patients():
    """Those whose value is not known count, too."""
    found = made([None, 1.0, 2.0, 3.0, 4.0, None], ["men", None, "women", "men", "men", "women"])
    assert list(table2.table(found, SPLITS, "paper")) == ["Characteristic", "Training", "External test", "P value"]
    assert table2.headings(found, SPLITS) == {
        "Training": "Training (n = 4)", "External test": "External test (n = 2)"
    }  # fmt: skip
    assert table2.headings((), SPLITS) == {}
    rows = table2.table(found, SPLITS, "paper").set_index("Characteristic")
    assert list(rows.loc["  not known", ["Training", "External test"]]) == ["1", "0"]
    assert rows.loc["  men", "Training"] == "2 (67%)"


def test_large_values_are_whole_and_grouped():
    found = made([12.5, 99999.0, 1234567.0, 0.0, 12.5, 13.5], ["men", "women"] * 3)
    row = table2.table(found, SPLITS, "paper").iloc[0]
    assert row["Training"] == "333,645 (0–1,234,567)"
    assert row["External test"] == "13.0 (12.5–13.5)"
