"""Who belongs to the study: the first criterion that applies leaves a patient out, with its reason."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from npc.cohort.cohort import Cohort
from npc.cohort.criteria import leave_out, parse
from npc.cohort.load import load
from npc.config.loading import compose
from npc.config.values import plain
from npc.errors import InputError

ENDPOINT = OmegaConf.create({"event": "dm_event", "time": "dmfs_months"})
ADULT = {"column": "age", "keep": ">= 18", "reason": "younger than 18"}
STAGE = {"column": "stage", "keep": ["III", "IVa", "IVb"], "reason": "stage other than III to IVb"}


def config(folder: Path, **changes: object) -> DictConfig:
    cohort = {
        "_target_": "npc.cohort.sources.table.read",
        "name": "ours",
        "root": str(folder),
        "sequences": ["cet1"],
        "clinical": None,
        "missing": "exclude",
    }
    return OmegaConf.create(cohort | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight patients; e lacks the sequence, and f has faults that would stop a run."""
    rows = [
        ("a", "A", "50", "III", "12", "0"),
        ("b", "A", "17", "II", "12", "1"),
        ("c", "B", "", "iva", "12", "1"),
        ("d", "B", "50", "II", "12", "0"),
        ("e", "B", "50", "IVb", "12", "0"),
        ("f", "A", "17.5", "IVb", "soon", "7"),
        ("g", "A", "18", "IVB", "12", "1"),
        ("h", "B", "18", "IVB", "12", "1"),
    ]
    table = pd.DataFrame(rows, columns=["patient_id", "centre", "age", "stage", "dmfs_months", "dm_event"])
    for kind in ("image", "mask"):
        table[f"cet1_{kind}"] = table["patient_id"].map({name: f"{name}_{kind}.nii" for name in "abcdfgh"})
        for path in table[f"cet1_{kind}"].dropna():
            (tmp_path / path).touch()
    table.to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path


def study(folder: Path, **changes: object) -> Cohort:
    return load(config(folder, **changes), ENDPOINT, ["cet1"])


def test_a_patient_is_excluded_by_the_first_step_that_applies(folder):
    found = study(folder, criteria={"adult": ADULT, "stage": STAGE}, exclude={"g": "withdrew consent"})
    assert found.exclusions.values.tolist() == [
        ["g", "A", "withdrew consent"],
        ["b", "A", "younger than 18"],  # and of stage II
        ["f", "A", "younger than 18"],  # whose other cells are at fault
        ["c", "B", "younger than 18 (not known)"],
        ["d", "B", "stage other than III to IVb"],
        ["e", "B", "no cet1"],
    ]
    assert found.patients.index.tolist() == ["a", "h"]


def test_without_criteria_the_faults_of_all_patients_stop_the_run(folder):
    with pytest.raises(InputError, match="dmfs_months is 'soon'"):
        study(folder)


def test_id_and_centre_of_excluded_patients_are_checked(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str)
    table.loc[1, "centre"] = ""
    table.loc[5, "patient_id"] = "a"
    table.to_csv(folder / "patients.csv", index=False)
    with pytest.raises(InputError) as caught:
        study(folder, criteria={"adult": ADULT})
    faults = "\n".join(caught.value.faults)
    assert "patient b: centre is empty" in faults
    assert "patient a: patient_id occurs more than once" in faults
    assert "soon" not in faults


def test_all_faults_are_reported_at_once(folder):
    criteria = {
        "adult": {**ADULT, "column": "stage"},
        "contraindication": {"column": "mri_contraindication", "keep": ["no"], "reason": "x"},
    }
    with pytest.raises(InputError) as caught:
        study(folder, criteria=criteria, exclude={"z": "moved", "a": " "})
    faults = "\n".join(caught.value.faults)
    for words in (
        "there is no patient z, whom cohort.exclude leaves out",
        "cohort.exclude.a gives no reason",
        "no column mri_contraindication, which the criterion contraindication",
        "line 3, patient b: stage is 'II', not a number, which the criterion adult (>= 18) needs",
        "patient f: dmfs_months is 'soon'",
    ):
        assert words in faults


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"column": "age", "keep": "18 and more", "reason": "r"}, "keep is '18 and more'; write a list of levels"),
        ({"column": "age", "keep": [], "reason": "r"}, r"keep is '\[\]'; write a list"),
        ({"column": "age", "keep": [True], "reason": "r"}, "bare yes or no; quote them"),
        ({"column": "age", "keep": ["x"]}, r"cohort\.criteria\.c\.reason: no value"),
        ({"keep": ["x"], "reason": "r"}, r"cohort\.criteria\.c\.column: no value"),
    ],
)
def test_a_wrong_declaration_is_reported(declared, message):
    with pytest.raises(InputError, match=message):
        parse({"c": declared})


def test_a_cohort_without_remaining_patients_reports_the_exclusions(folder):
    with pytest.raises(InputError, match=r"no patient is left \(left out: .*8 too young"):
        study(folder, criteria={"old": {"column": "centre", "keep": ["C"], "reason": "too young"}})


def test_the_papers_criteria_keep_only_patients_who_meet_all():
    criteria = parse(plain(compose(["criteria=paper"]))["cohort"]["criteria"])
    sound = {c.column: "0" if c.column == "ebv_dna" else "yes" for c in criteria}
    sound |= {"stage": "IVa"} | {c.column: "no" for c in criteria if "no" in (c.keep if c.column != "ebv_dna" else ())}
    others = {"stage": "II", "yes": "no", "no": "yes", "0": ""}
    spoilt = [sound | {c.column: others.get(c.column) or others[sound[c.column]]} for c in criteria]
    left_out, faults = leave_out(pd.DataFrame([sound, *spoilt]), criteria, {})
    assert list(left_out) == list(range(1, 11))
    assert faults == {None: []}
    assert left_out[2] == "stage other than III to IVb"
    assert left_out[5] == "no plasma EBV-DNA level (not known)"


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["1", "2", "3", "", "4.0"]), min_size=1, max_size=12), st.permutations(["a", "b", "c"]))
def test_the_order_of_criteria_changes_reasons_but_not_the_excluded_patients(cells, order):
    declared = {
        "a": {"column": "x", "keep": ["1", "2", "4"], "reason": "a"},
        "b": {"column": "x", "keep": ">= 2", "reason": "b"},
        "c": {"column": "x", "keep": "<= 3", "reason": "c"},
    }
    table = pd.DataFrame({"patient_id": range(len(cells)), "x": cells})
    left_out, _ = leave_out(table, parse({name: declared[name] for name in order}), {})
    assert set(left_out) == {row for row, value in enumerate(cells) if value != "2"}
    assert {row for row, why in left_out.items() if "not known" in why} == {r for r, v in enumerate(cells) if not v}
