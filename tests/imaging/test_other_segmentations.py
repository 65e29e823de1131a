"""DICOM segmentations that others wrote: highdicom, and dcmqi (a test file of pydicom)."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from npc.imaging.segmentation import read_segmentation
from tests.imaging.dicom_files import write_series
from tests.scans import read_scan

SHAPE = (6, 9, 11)
TUMOUR, NODE = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
TUMOUR[1:4, 2:6, 3:7] = True
NODE[3:5, 6:8, 7:9] = True


def series(folder: Path) -> list[pydicom.Dataset]:
    values = np.random.default_rng(0).permutation(np.prod(SHAPE)).reshape(SHAPE)
    found = [
        pydicom.dcmread(file) for file in write_series(folder, values, spacing=(3.0, 0.8, 0.9), origin=(5, -7, 20))
    ]
    for number, of in enumerate(found, 1):  # what highdicom copies from the image
        of.StudyID, of.StudyDate, of.StudyTime, of.InstanceNumber = "1", "20160101", "120000", number
        of.AccessionNumber = of.PatientSex = of.ReferringPhysicianName = of.Laterality = ""
        of.PatientBirthDate = getattr(of, "PatientBirthDate", "")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_segments_of_highdicom_by_number_and_by_label(tmp_path: Path, kind: str):
    import highdicom as hd

    images = series(tmp_path / "image")
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=label,
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Neoplasm,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, label in enumerate(["GTVp", "GTVn left"], 1)
    ]
    pixels = np.stack([TUMOUR, NODE], axis=-1)
    written = hd.seg.Segmentation(
        source_images=images[::-1],  # in any order: frames are placed by their positions
        pixel_array=pixels[::-1].astype(float if kind == "FRACTIONAL" else np.uint8),
        segmentation_type=kind,
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="npc",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
    )
    written.save_as(tmp_path / "seg.dcm")
    for reading, mask in (({"label": 1}, TUMOUR), ({"label": 2}, NODE), ({"roi": "GTVn*"}, NODE)):
        found = read_scan(tmp_path / "image", tmp_path / "seg.dcm", **reading)
        np.testing.assert_array_equal(found.mask, mask)
    both = read_scan(tmp_path / "image", tmp_path / "seg.dcm", label=(1, 2))
    np.testing.assert_array_equal(both.mask, TUMOUR | NODE)


def test_a_frame_of_dcmqi_lies_where_its_header_says(tmp_path: Path):
    file = tmp_path / "liver.dcm"
    written = pydicom.dcmread(get_testdata_file("liver_1frame.dcm"))
    groups = written.PerFrameFunctionalGroupsSequence[0]
    # pydicom has cut the file to the pixels of one frame, but left the headers of the others
    written.PerFrameFunctionalGroupsSequence, written.NumberOfFrames = [groups], 1
    written.save_as(file)
    shared = written.SharedFunctionalGroupsSequence[0]
    row, column = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    image = sitk.Image(written.Columns, written.Rows, 3, sitk.sitkInt16)
    axes = np.reshape(shared.PlaneOrientationSequence[0].ImageOrientationPatient, (2, 3)).astype(float)
    normal = np.cross(*axes)
    image.SetSpacing((column, row, 2.5))
    image.SetDirection(np.column_stack([*axes, normal]).ravel())
    at = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
    image.SetOrigin(at - 2.5 * normal)  # the frame is the middle slice
    found = sitk.GetArrayFromImage(read_segmentation(file, "the file", None, None, image))
    np.testing.assert_array_equal(found[1], written.pixel_array)
    assert found[1].sum() > 1000
    assert not found[[0, 2]].any()
