"""The headers of the phantom's images hold what Table 1 asks for."""

import json
from pathlib import Path

import pandas as pd
import pydicom
import pytest

from npc.phantom import source as phantom
from npc.phantom.scanners import draw_acquisition


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom of eight patients, not to be changed; its matrix makes long decimals."""
    folder = tmp_path_factory.mktemp("phantom") / "p"
    phantom.write(folder, seed=2, n=8, external=4, matrix=27, readers=2)
    return folder


def test_each_nifti_image_has_a_sidecar(folder):
    for number in range(4):
        acquisition = draw_acquisition(0, number, 2)
        for sequence in ("cet1", "t2"):
            sidecar = json.loads((folder / "images" / f"H1-{number + 1:04d}" / f"{sequence}.json").read_text())
            scanner = acquisition.scanner
            assert sidecar["Manufacturer"] == scanner.manufacturer
            assert sidecar["MagneticFieldStrength"] == scanner.field
            assert sidecar["RepetitionTime"] == pytest.approx(acquisition.tr[sequence] / 1000)  # BIDS: seconds
            assert sidecar["EchoTime"] == pytest.approx(acquisition.te[sequence] / 1000)
            assert sidecar["SliceThickness"] == scanner.thickness
            assert sidecar["SpacingBetweenSlices"] == scanner.thickness + 1
            assert sidecar["AcquisitionMatrixPE"] == scanner.protocols[sequence].matrix[1]
            assert sidecar["NumberOfAverages"] == 1


def test_the_dicom_headers_hold_table_1_and_conform_to_the_standard(folder):
    for number in range(4):
        acquisition = draw_acquisition(1, number, 2)
        scanner, pixel = acquisition.scanner, acquisition.field_of_view / 27
        for sequence in ("cet1", "t2"):
            files = sorted((folder / "images" / f"H2-{number + 1:04d}" / sequence).glob("*.dcm"))
            headers = [pydicom.dcmread(file) for file in files]
            assert len({header.SOPInstanceUID for header in headers}) == 14
            assert len({header.SeriesInstanceUID for header in headers}) == 1
            for index, header in enumerate(headers):
                assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID
                assert header.InstanceNumber == index + 1
                assert header.ImagePositionPatient[2] == pytest.approx((index - 6.5) * 6)
                assert list(header.PixelSpacing) == pytest.approx([pixel, pixel])
                assert (header.RepetitionTime, header.EchoTime) == (acquisition.tr[sequence], acquisition.te[sequence])
                assert (header.Manufacturer, header.MagneticFieldStrength) == (scanner.manufacturer, scanner.field)
                frequency, phase = scanner.protocols[sequence].matrix
                assert header.AcquisitionMatrix == [frequency, 0, 0, phase]
                assert (header.NumberOfAverages, header.ReconstructionDiameter) == (1, acquisition.field_of_view)
                assert (header.SliceThickness, header.SpacingBetweenSlices) == (5, 6)
                # decimal strings of DICOM hold at most 16 characters
                for tag in (header["PixelSpacing"], header["ImagePositionPatient"]):
                    assert all(len(str(value)) <= 16 for value in tag.value)


def test_second_outlines_are_named_where_there_are_some(folder, tmp_path):
    patients = pd.read_csv(folder / "patients.csv", index_col="patient_id")
    columns = [f"{s}_mask_{reader}" for s in ("cet1", "t2") for reader in ("reader1b", "reader2")]
    named = patients[columns].notna()
    assert named.sum().eq(2).all()
    assert named.nunique(axis=1).eq(1).all()
    assert set(patients.loc[named["cet1_mask_reader2"], "centre"]) == {"hospital_1"}
    for path in patients[columns].stack():
        assert (folder / path).is_file()
    assert len(list(folder.rglob("*reader*"))) == 8
    phantom.write(tmp_path / "none", n=2, external=0, matrix=16, readers=0)
    assert not [name for name in pd.read_csv(tmp_path / "none" / "patients.csv") if "reader" in name]
