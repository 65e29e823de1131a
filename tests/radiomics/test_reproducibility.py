"""Features of repeated outlines: whose values are compared, and the reason given where there is no ICC."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.radiomics.features import features
from npc.radiomics.reproducibility import measure, outlined_again, reproducibility
from tests.radiomics.feature_settings import SHAPE_AND_FIRST_ORDER
from tests.scans import read_scan
from tests.second_outlines import add_second_outlines, pixels


@pytest.fixture(scope="module")
def cohort(drawn: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Six patients: four outlined again and three by another reader on cet1, none on t2."""
    root = shutil.copytree(
        drawn(seed=3, n=6, external=2, matrix=32, readers=0), tmp_path_factory.mktemp("readers") / "cohort"
    )
    add_second_outlines(root, "cet1", again=4, another=3)
    return Cohort("p", root, pd.read_csv(root / "patients.csv", index_col="patient_id"), ("cet1", "t2"))


@pytest.fixture(scope="module")
def measured(cohort: Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    return measure(outlined_again(cohort, cohort.sequences), "max", SHAPE_AND_FIRST_ORDER)


def with_cells(cohort: Cohort, **cells: object) -> Cohort:
    """The cohort with other cells in the line of its first patient."""
    patients = cohort.patients.astype(object).copy()
    for column, value in cells.items():
        patients.loc[patients.index[0], column] = value
    return Cohort(cohort.name, cohort.root, patients, cohort.sequences)


def test_every_patient_with_a_second_outline_is_compared(cohort, measured):
    overlap, values = measured
    counts = overlap.groupby(["sequence", "comparison"]).size()
    assert counts.to_dict() == {("cet1", "intra"): 4, ("cet1", "inter"): 3}
    assert values["reader"].value_counts().to_dict() == {"reader1": 4, "reader1b": 4, "reader2": 3}
    assert list(values["patient_id"].unique()) == list(cohort.patients.index[:4])


def test_an_outline_moved_by_a_pixel_keeps_its_area(cohort, measured):
    overlap, _ = measured
    again = overlap[overlap["comparison"] == "intra"]
    np.testing.assert_allclose(again["hd95_mm"], pixels(cohort.root, "cet1", 4))
    assert (again[["area_difference_mm2", "area_difference"]] == 0).all(axis=None)
    assert again["same_slice"].all()
    assert again["dice"].between(0.5, 1, inclusive="neither").all()


def test_a_wider_outline_is_larger_by_as_many_mm2(cohort, measured):
    overlap, _ = measured
    row = overlap[overlap["comparison"] == "inter"].iloc[0]
    patient = cohort.patients.loc[row["patient_id"]]
    first, second = (
        read_scan(cohort.root / patient["cet1_image"], cohort.root / patient[column]).mask.sum(axis=(1, 2)).max()
        for column in ("cet1_mask", "cet1_mask_reader2")
    )
    pixel = pixels(cohort.root, "cet1", 1)[0] ** 2
    assert row["area_mm2"] == pytest.approx(first * pixel)
    assert row["area_difference_mm2"] == pytest.approx((second - first) * pixel)
    assert row["area_difference"] == pytest.approx((second - first) / first)


def test_features_are_those_of_each_outline(cohort, measured):
    _, values = measured
    row = values[values["reader"] == "reader2"].iloc[1]
    patient = cohort.patients.loc[row["patient_id"]]
    scan = read_scan(cohort.root / patient["cet1_image"], cohort.root / patient["cet1_mask_reader2"])
    assert features([scan], SHAPE_AND_FIRST_ORDER, ["max"])[0]["max"] == row.iloc[3:].to_dict()


def test_three_slices_have_features_of_volume(cohort):
    _, values = measure(outlined_again(cohort, ["cet1"])[:1], "three", SHAPE_AND_FIRST_ORDER)
    assert values["original_shape_VoxelVolume"].nunique() == 2  # moved sideways: as large; wider: larger


def test_faults_of_all_patients_are_reported_at_once(cohort):
    found = outlined_again(cohort, ["cet1"])
    absent = [replace(study, outlines={**study.outlines, "reader1b": Path(f"/no/{i}.nii")})
              for i, study in enumerate(found[:2])]  # fmt: skip
    with pytest.raises(InputError) as caught:
        measure([*absent, *found[2:]], "max", SHAPE_AND_FIRST_ORDER)
    assert [fault.split(" ")[0] for fault in caught.value.faults] == ["/no/0.nii", "/no/1.nii"]


def test_without_second_outlines_the_columns_are_named(cohort):
    with pytest.raises(InputError, match=r"no patient has a second outline.*t2_mask_reader1b.*t2_mask_reader2"):
        outlined_again(cohort, ["t2"])


def test_a_second_outline_without_image_is_a_fault(cohort):
    with pytest.raises(InputError, match="cet1_mask_reader1b and cet1_mask_reader2 without cet1_image"):
        outlined_again(with_cells(cohort, cet1_image=pd.NA, cet1_mask=pd.NA), ["cet1"])


# ICC

VALUES = {"reader1": [1.0, 2.0, 4.0, 7.0], "reader1b": [1.5, 2.0, 3.0, 7.5], "reader2": [3.0, 4.0, 6.0, 9.0]}


def outlined(**by_reader: list[float]) -> pd.DataFrame:
    """One feature of one sequence; None: the patient was not outlined."""
    rows = [("cet1", f"p{i}", reader, value) for reader, of in by_reader.items() for i, value in enumerate(of)]
    table = pd.DataFrame(rows, columns=["sequence", "patient_id", "reader", "size"])
    return table.dropna()


def test_values_are_paired_by_patient_and_not_by_place():
    expected = reproducibility(outlined(**VALUES), 0.75)
    assert expected["patients"].tolist() == [4, 4]
    shuffled = pd.concat([of.sample(frac=1, random_state=i) for i, (_, of) in
                          enumerate(outlined(**VALUES).groupby("reader"))])  # fmt: skip
    found = reproducibility(shuffled, 0.75)
    np.testing.assert_allclose(found[["icc21", "icc31"]], expected[["icc21", "icc31"]])


def test_patients_without_the_second_outline_do_not_count():
    fewer = {**VALUES, "reader1b": [1.5, 2.0, 3.0, None]}
    found = reproducibility(outlined(**fewer), 0.75).set_index("comparison")
    full = reproducibility(outlined(**VALUES), 0.75).set_index("comparison")
    assert found["patients"].to_dict() == {"intra": 3, "inter": 4}
    assert found.loc["inter", "icc21"] == full.loc["inter", "icc21"]


def test_a_reader_who_outlines_wider_agrees_in_rank_alone():
    """Always 2 more: consistency is perfect, agreement is not (by hand: MSR 14, MSC 8, MSE 0)."""
    found = reproducibility(outlined(reader1=VALUES["reader1"], reader2=VALUES["reader2"]), 0.75).iloc[0]
    assert found["icc31"] == pytest.approx(1)
    assert found["icc21"] == pytest.approx(14 / (14 + 2 * 8 / 4))


@pytest.mark.parametrize(("threshold", "above"), [(0.5, True), (0.99, False)])
def test_the_threshold_judges(threshold, above):
    found = reproducibility(outlined(reader1=VALUES["reader1"], reader1b=VALUES["reader1b"]), threshold)
    assert found["above"].tolist() == [above]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ([1.0, None, None, None], "fewer than 2 patients"),
        ([1.0, 2.0, np.inf, 7.0], "not defined in 1 of 4 patients"),
    ],
)
def test_what_has_no_icc_says_why(second, reason):
    table = outlined(reader1=VALUES["reader1"], reader2=second).replace(np.inf, np.nan)
    found = reproducibility(table, 0.75)
    assert found["not_estimable"].tolist() == [reason]


def test_a_constant_feature_has_no_icc():
    found = reproducibility(outlined(reader1=[3e5, 3e5, 3e5], reader2=[3e5, 3e5 * (1 + 1e-15), 3e5]), 0.75)
    assert found["not_estimable"].tolist() == ["the same in all outlines"]
