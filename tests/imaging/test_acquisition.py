"""Acquisition parameters: from headers and sidecars into Table 1, and nothing that somebody typed."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from npc.imaging.acquisition import Acquisition, read_acquisition
from npc.imaging.acquisition_table import as_table, by_scanner
from npc.imaging.readers import Scan
from tests.imaging.dicom_files import write_series

# A row of Table 1: 1.5T GE, axial CE-T1WI.
GE = {
    "Manufacturer": "GE MEDICAL SYSTEMS",
    "MagneticFieldStrength": 1.5,
    "RepetitionTime": 440,
    "EchoTime": 8.4,
    "NumberOfAverages": 1,
    "AcquisitionMatrix": [256, 0, 0, 224],
    "SliceThickness": 4,
    "SpacingBetweenSlices": 5,
}
SPACING = (5.0, 200 / 64, 200 / 64)
STUDY = Scan(np.zeros((3, 64, 64), np.float32), np.ones((3, 64, 64), bool), SPACING)
READ = Acquisition("GE", 1.5, 440, 8.4, 1, (200, 200), (256, 224), (64, 64), 4, 1)


def dicom(folder: Path, **tags: object) -> Path:
    for file in write_series(folder, np.zeros((3, 64, 64)), spacing=SPACING):
        header = pydicom.dcmread(file)
        for name, value in (GE | tags).items():
            setattr(header, name, value)
        header.save_as(file)
    return folder


def sidecar(folder: Path, **tags: object) -> Path:
    seconds = {"RepetitionTime": 0.44, "EchoTime": 0.0084}
    (folder / "cet1.json").write_text(json.dumps(GE | seconds | tags))
    return folder / "cet1.nii.gz"


def test_a_header_and_a_sidecar_give_the_same_parameters(tmp_path):
    assert read_acquisition(dicom(tmp_path / "series"), STUDY) == READ
    assert read_acquisition(sidecar(tmp_path), STUDY) == READ


def test_dcm2niix_gives_the_matrix_in_two_tags(tmp_path):
    image = sidecar(tmp_path, AcquisitionMatrix=None, BaseResolution=320, AcquisitionMatrixPE=240)
    assert read_acquisition(image, STUDY).acquired == (320, 240)


def test_files_that_are_not_images_are_ignored(tmp_path):
    folder = dicom(tmp_path / "series")
    (folder / "000").write_bytes(b"notes")
    assert read_acquisition(folder, STUDY) == READ


@pytest.mark.parametrize("content", [None, "", "[1]", "{", '{"SliceThickness": NaN}', "[" * 100_000, b"\xff\xfe"])
def test_without_a_readable_sidecar_only_the_geometry_is_known(tmp_path, content):
    if content is not None:
        (tmp_path / "cet1.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read_acquisition(tmp_path / "cet1.nii", STUDY)
    assert found == Acquisition(None, None, None, None, None, (200, 200), None, (64, 64), None, None)


def test_the_gap_is_computed_from_the_positions_where_no_distance_is_given(tmp_path):
    assert read_acquisition(sidecar(tmp_path, SpacingBetweenSlices=None, SliceThickness=4.5), STUDY).gap == 0.5


@pytest.mark.parametrize(
    ("manufacturer", "vendor"),
    [
        ("Philips Medical Systems / MIM Software", "Philips"),
        ("SIEMENS", "Siemens"),
        ("TOSHIBA_MEC", "Canon/Toshiba"),
        ("Hitachi Medical Corporation", "Hitachi"),
        ("UIH", "United Imaging"),
        ("GEORGE^DOE", "other"),
        ("DOE^JANE", "other"),
        ("", None),
        (None, None),
    ],
)
def test_the_manufacturer_is_one_of_a_list(tmp_path, manufacturer, vendor):
    assert read_acquisition(sidecar(tmp_path, Manufacturer=manufacturer), STUDY).vendor == vendor


@pytest.mark.parametrize(("tesla", "nominal"), [(2.8936, 3.0), (1.494, 1.5), (0.3516, 0.35), (4.0, 4.0), (15000, None)])
def test_field_strength_is_nominal(tmp_path, tesla, nominal):
    assert read_acquisition(sidecar(tmp_path, MagneticFieldStrength=tesla), STUDY).field == nominal


@pytest.mark.parametrize("value", ["DOE^JANE", 19661224, [1, 2], {"a": 1}, True, "1e999", 10**400, -3, None])
def test_numbers_out_of_range_and_text_are_not_known(tmp_path, value):
    found = read_acquisition(sidecar(tmp_path, **dict.fromkeys([*GE, "RepetitionTime", "EchoTime"], value)), STUDY)
    known = {found.field, found.tr, found.te, found.averages, found.acquired, found.thickness, found.gap}
    assert known == {None}
    assert found.vendor in (None, "other")


def test_the_table_has_the_values_of_table_1():
    def image(vendor, tr, side, thickness):
        return Acquisition(vendor, 1.5, tr, 8.0, 1.0, (side, side), (256, 224), (512, 512), thickness, 1.0)

    unknown = Acquisition(None, None, None, None, None, (230.0, 230.0), None, (512, 512), None, None)
    images = [("cet1", image("Philips", 630, 230, 5.0)), ("cet1", image("GE", 440, 200, 4.0)), ("cet1", unknown)]
    images += [("t2", image("GE", 2720, 250, 4.0)), ("cet1", image("GE", 600, 250, 4.0))]
    rows = by_scanner(images)
    assert rows[0] | {"acquired": 0, "te": 0} == {
        "vendor": "GE", "field": 1.5, "sequence": "cet1", "patients": 2, "tr": [440, 600], "te": 0, "averages": [1, 1],
        "field_of_view": [[200, 250], [200, 250]], "acquired": 0, "reconstructed": [[512, 512], [512, 512]],
        "thickness": [4, 4], "gap": [1, 1],
    }  # fmt: skip
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    printed = as_table(rows).to_numpy().tolist()
    ge = ["1.5T GE", "2", "cet1", "440–600", "8", "1", "200 × 200 – 250 × 250", "256 × 224", "512 × 512", "4", "1"]
    assert printed[0] == ge
    assert [row[0] for row in printed] == ["1.5T GE", "1.5T GE", "1.5T Philips", "not known"]
    assert printed[3][3:] == [*["not known"] * 3, "230 × 230", "not known", "512 × 512", "not known", "not known"]


def test_a_volume_of_another_format_may_have_a_sidecar(tmp_path):
    image = tmp_path / "CET1.NRRD"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((2, 4, 4), np.int16)), tmp_path / "CET1.nrrd")
    (tmp_path / "CET1.json").write_text('{"EchoTime": 0.0151}')
    assert read_acquisition(image, STUDY).te == 15.1
