import csv
from pathlib import Path

import openpyxl
import pytest
from omegaconf import DictConfig, OmegaConf

from npc.cohort.load import load
from npc.cohort.sources import sts
from npc.errors import InputError

CLINICAL = {
    "age": {"kind": "continuous"},
    "sex": {"kind": "binary", "levels": ["male", "female"]},
    "grade": {"kind": "ordinal", "levels": ["low", "intermediate", "high"]},
    "mskcc_type": {"kind": "categorical"},
    "chemotherapy": {"kind": "binary", "levels": ["no", "yes"]},
}
METASTASIS = OmegaConf.create({"event": "dm_event", "time": "dmfs_months"})
LUNG = OmegaConf.create({"event": "lung_mets", "time": "lung_mets_months"})


def config(root: Path, missing: str = "error") -> DictConfig:
    return OmegaConf.create(
        {
            "_target_": "npc.cohort.sources.sts.read",
            "name": "sts",
            "root": str(root),
            "sequences": ["mr_t1", "ct"],
            "clinical": CLINICAL,
            "missing": missing,
        }
    )


@pytest.fixture(scope="session")
def published(npc_data: Path) -> list[dict[str, str]]:
    with (npc_data / "sts" / "clinical.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_published_cohort_loads_completely(npc_data, published):
    patients = load(config(npc_data / "sts"), METASTASIS, ["mr_t1"], also=["ct"]).patients
    assert len(patients) == len(published) == 39
    assert patients["ct_image"].notna().sum() == 16
    mets = [row for row in published if row["Outcome (recurrence, mets)"].startswith("Mets")]
    assert patients["dm_event"].sum() == len(mets)
    assert patients["os_event"].sum() == sum(row["Status (NED, AWD, D)"] == "D" for row in published)
    assert (patients["chemotherapy"] == "yes").sum() == sum("Chemo" in row["Treatment"] for row in published)
    assert patients["grade"].isna().sum() == sum(not row["Grade"] for row in published)
    assert patients["grade"].cat.ordered
    assert set(patients["centre"]) == {"McGill"}


def test_lung_metastasis_is_another_endpoint(npc_data, published):
    patients = load(config(npc_data / "sts"), LUNG, ["mr_t1"]).patients
    assert patients["lung_mets"].sum() == sum(row["LungMets"] == "1" for row in published)
    # Metastasis to the arms is an event of one endpoint and does not end the follow-up of the other.
    assert patients.loc["STS_001", ["dm_event", "lung_mets"]].tolist() == [1, 0]
    assert patients.loc["STS_001", "dmfs_months"] == pytest.approx(266 / 30.4375)
    assert patients.loc["STS_001", "lung_mets_months"] == pytest.approx(845 / 30.4375)
    assert patients.loc["STS_006", "lung_mets_months"] == pytest.approx(198 / 30.4375)


def test_a_recurrence_is_not_an_event(npc_data):
    patients = load(config(npc_data / "sts"), METASTASIS, ["mr_t1"]).patients
    assert patients.loc["STS_034", ["dm_event", "os_event"]].tolist() == [0, 1]
    assert patients.loc["STS_034", "dmfs_months"] == pytest.approx(838 / 30.4375)


def test_dicom_is_used_where_there_is_no_nifti(npc_data):
    patients = load(config(npc_data / "sts"), METASTASIS, ["mr_t1"]).patients
    assert patients.loc["STS_009", ["mr_t1_image", "mr_t1_mask"]].tolist() == [
        "dicom/STS_009/MR_T1/image",
        "dicom/STS_009/MR_T1/mask/RS.dcm",
    ]
    assert patients.loc["STS_002", "mr_t1_image"] == "nifti/STS_002/MR_T1_image.nii.gz"


def test_patients_without_ct_are_reported_or_excluded(npc_data):
    with pytest.raises(
        InputError, match=r"patient STS_007: no ct image; give it, or exclude .* cohort\.missing=exclude"
    ):
        load(config(npc_data / "sts"), METASTASIS, ["mr_t1", "ct"])
    cohort = load(config(npc_data / "sts", "exclude"), METASTASIS, ["mr_t1", "ct"])
    assert len(cohort.patients) == 16
    assert len(cohort.exclusions) == 23
    assert set(cohort.exclusions["reason"]) == {"no ct"}


def sheet(root: Path, **changes: object) -> Path:
    """The archive's sheet: a title above, headings with line breaks and other dashes, no LungMets."""
    headings = [
        "Patient ID",
        " age",
        "SEX",
        "MSKCC\ntype",
        "Grade",
        "Treatment",
        "Outcome\n(recurrence, mets)",
        "Time \u2014 diagnosis to\xa0outcome (days)",
        "Status (NED, AWD, D)",
        "Time - diagnosis to last follow\u2011up\n(days)",
    ]
    lungs = ["S1", 59, "Male", "MFH", "High", "Surgery + Chemotherapy", "Mets \u2013 lungs", 266, "D", 845.0]
    names = ["patient", "age", "sex", "type", "grade", "treatment", "outcome", "days", "status", "follow_up"]
    first = list((dict(zip(names, lungs, strict=True)) | changes).values())
    second = ["S2", 17.5, "Female", "Other", None, "Radiotherapy", "--", "--", "NED", 756]
    third = ["S3", 40, "Female", "Other", "Low", "Surgery", "Mets - spine", 100, "AWD", 500]
    book = openpyxl.Workbook()
    page = book.create_sheet("Clinical")
    for row in (["Soft-tissue sarcoma"], headings, first, second, [None], third):
        page.append(row)
    book.save(root / "INFOclinical_STS.xlsx")
    return root


def images(root: Path) -> Path:
    for patient in ("S1", "S2", "S3"):
        folder = root / "nifti" / patient
        folder.mkdir(parents=True)
        (folder / "MR_T1_image.nii.gz").touch()
        (folder / "MR_T1_mask.nii.gz").touch()
    return root


def test_the_archives_sheet_is_read_by_its_headings(tmp_path):
    patients = load(config(images(sheet(tmp_path))), LUNG, ["mr_t1"]).patients
    assert patients["dm_event"].tolist() == [1, 0, 1]
    assert patients["lung_mets"].tolist() == [1, 0, 0]
    assert patients["lung_mets_months"].tolist() == pytest.approx([266 / 30.4375, 756 / 30.4375, 500 / 30.4375])
    assert patients["age"].tolist() == [59.0, 17.5, 40.0]
    assert patients["grade"].isna().tolist() == [False, True, False]
    assert patients["chemotherapy"].tolist() == ["yes", "no", "no"]


def test_a_wrong_cell_of_the_sheet_is_reported_with_its_row(tmp_path):
    with pytest.raises(InputError) as caught:
        load(config(images(sheet(tmp_path, days="soon", sex="M", status="lost"))), METASTASIS, ["mr_t1"])
    message = str(caught.value)
    assert "INFOclinical_STS.xlsx, row 3, patient S1: sex is 'm'; the levels are male, female" in message
    assert "row 3, patient S1: dmfs_months is 'soon', not a finite number" in message
    assert "row 3, patient S1: os_event is 'lost'; write 1 for an event and 0 for none" in message


def test_an_incomplete_pair_of_files_is_reported(tmp_path):
    (images(sheet(tmp_path)) / "nifti/S2/MR_T1_mask.nii.gz").unlink()
    with pytest.raises(InputError, match="patient S2: mr_t1_mask is empty but mr_t1_image is not"):
        load(config(tmp_path), METASTASIS, ["mr_t1"])


def test_a_complete_dicom_pair_precedes_an_incomplete_nifti_pair(tmp_path):
    (images(sheet(tmp_path)) / "nifti/S2/MR_T1_mask.nii.gz").unlink()
    (tmp_path / "dicom/S2/MR_T1/image").mkdir(parents=True)
    (tmp_path / "dicom/S2/MR_T1/mask").mkdir()
    (tmp_path / "dicom/S2/MR_T1/mask/RS.dcm").touch()
    patients = load(config(tmp_path), METASTASIS, ["mr_t1"]).patients
    assert patients.loc["S2", "mr_t1_mask"] == "dicom/S2/MR_T1/mask/RS.dcm"


def test_a_folder_without_its_sheet_or_columns_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"holds neither clinical\.csv nor INFOclinical_STS\.xlsx"):
        sts.read(tmp_path, ["mr_t1"])
    (tmp_path / "INFOclinical_STS.xlsx").write_text("no sheet")
    with pytest.raises(InputError, match="can't be read as an Excel sheet"):
        sts.read(tmp_path, ["mr_t1"])
    (tmp_path / "clinical.csv").write_text("Patient ID,Age\nS1,3\n")
    with pytest.raises(InputError, match="no column Grade; restore its published name"):
        sts.read(tmp_path, ["mr_t1"])
