"""DICOM that other readers read: without a file header, in old encodings, enhanced, each slice its own series."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, EnhancedMRImageStorage, RLELossless, generate_uid

from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.acquisition import read_acquisition
from npc.imaging.readers import Scan, read_scans
from tests.imaging.dicom_files import IDENTIFIERS, UID_PREFIX, write_rtstruct, write_series
from tests.scans import read_scan

SHAPE, SPACING, ORIGIN = (4, 24, 28), (3.0, 1.5, 1.25), (-20.0, 12.5, 100.0)
VALUES = np.random.default_rng(0).integers(-900, 900, SHAPE).astype(np.int16)
OUTLINE = np.zeros(SHAPE, np.uint8)
OUTLINE[1:3, 1:5, 2:6] = 1
GEOMETRY = {"spacing": SPACING, "origin": ORIGIN}


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    return write_rtstruct(tmp_path / "RS.dcm", {"GTV": OUTLINE}, **GEOMETRY)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return write_series(tmp_path / "series", VALUES, name="DOE^JANE.{:03}.dcm", **GEOMETRY)


def same(scan: Scan, values: np.ndarray = VALUES) -> None:
    np.testing.assert_array_equal(scan.image, values)
    np.testing.assert_array_equal(scan.mask, OUTLINE.astype(bool))
    np.testing.assert_allclose(scan.spacing, SPACING, atol=1e-6)


def message(image: Path, mask: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_scan(image, mask)
    assert not any(secret in str(caught.value) for secret in (*IDENTIFIERS.values(), UID_PREFIX))
    return str(caught.value)


def change(file: Path, edit: Callable[[pydicom.FileDataset], object], **saving: object) -> None:
    data_set = pydicom.dcmread(file)
    edit(data_set)
    data_set.save_as(file, **saving)


# without a file header


def bare(file: Path, is_implicit: bool, is_little_endian: bool) -> None:
    """Leaves the data set alone, in this encoding."""
    data_set = Dataset()
    data_set.update(pydicom.dcmread(file))
    if not is_little_endian and "PixelData" in data_set:
        data_set.PixelData = np.frombuffer(data_set.PixelData, "<i2").astype(">i2").tobytes()
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = is_implicit, is_little_endian
    write_dataset(stream, data_set)
    file.write_bytes(stream.getvalue())


@pytest.mark.parametrize("is_implicit", [True, False])
@pytest.mark.parametrize("is_little_endian", [True, False])
def test_a_data_set_alone_is_read_in_every_encoding(files, mask, is_implicit, is_little_endian):
    for file in (*files, mask):
        bare(file, is_implicit, is_little_endian)
    same(read_scan(files[0].parent, mask), VALUES)


def test_the_rescaling_of_a_data_set_alone_is_kept(files, mask):
    for file in files:
        change(file, lambda data_set: setattr(data_set, "RescaleSlope", "2"))
        change(file, lambda data_set: setattr(data_set, "RescaleIntercept", "-5"))
        bare(file, True, True)
    same(read_scan(files[0].parent, mask), 2 * VALUES.astype(np.float32) - 5)


@pytest.mark.parametrize("lacking", ["MediaStorageSOPClassUID", "TransferSyntaxUID", "preamble", "DICM"])
def test_an_incomplete_file_header_is_read(files, mask, lacking):
    for file in (*files, mask):
        content = file.read_bytes()
        if lacking == "preamble":
            file.write_bytes(content[132:])
        elif lacking == "DICM":
            file.write_bytes(content[:128] + content[132:])
        else:
            data_set = pydicom.dcmread(file)
            delattr(data_set.file_meta, lacking)
            data_set.save_as(file, enforce_file_format=False, implicit_vr=False, little_endian=True)
    same(read_scan(files[0].parent, mask))


def test_compressed_pixels_without_a_file_header_are_named(files, mask):
    for file in files:
        change(file, lambda data_set: data_set.compress(RLELossless))
        bare(file, False, True)
    assert "compressed pixels but no DICOM file header" in message(files[0].parent, mask)


@pytest.mark.parametrize("content", [b"Patient: DOE^JANE\n" * 40, bytes(2000), np.random.default_rng(0).bytes(2000)])
def test_what_is_not_dicom_is_still_not(files, mask, content):
    files[2].write_bytes(content)
    assert "file 3 of 4 by name is not a DICOM file" in message(files[0].parent, mask)


@pytest.mark.parametrize("keep", [30, 200, 400, -20])
def test_a_truncated_data_set_alone_is_reported(files, mask, keep):
    for file in files:
        bare(file, True, True)
    files[1].write_bytes(files[1].read_bytes()[:keep])
    assert "file 2 of 4 by name" in message(files[0].parent, mask)


@pytest.mark.parametrize("syntax", [RLELossless, DeflatedExplicitVRLittleEndian])
def test_compressed_files_are_read(files, mask, syntax):
    for file in files:
        change(file, lambda data_set: _encode(data_set, syntax))
    same(read_scan(files[0].parent, mask))


def _encode(data_set: pydicom.FileDataset, syntax: str) -> None:
    if syntax == RLELossless:
        data_set.compress(syntax)
    else:
        data_set.file_meta.TransferSyntaxUID = syntax


# enhanced MR


def enhance(files: Sequence[Path], target: Path, edit: Callable[[pydicom.FileDataset], object] | None = None) -> Path:
    """One enhanced file of these slices, its frames in their order."""
    slices = [pydicom.dcmread(file) for file in files]
    made = slices[0]
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    shared, made.PerFrameFunctionalGroupsSequence = Dataset(), []
    shared.PlaneOrientationSequence = [_of(made, "ImageOrientationPatient")]
    shared.PixelMeasuresSequence = [_of(made, "PixelSpacing", "SliceThickness")]
    shared.MRTimingAndRelatedParametersSequence = [Dataset()]
    shared.MRTimingAndRelatedParametersSequence[0].RepetitionTime = 500
    for data_set in slices:
        frame = Dataset()
        frame.PlanePositionSequence = [_of(data_set, "ImagePositionPatient")]
        frame.MREchoSequence = [Dataset()]
        frame.MREchoSequence[0].EffectiveEchoTime = 12.5
        if "RescaleSlope" in data_set:
            frame.PixelValueTransformationSequence = [_of(data_set, "RescaleSlope", "RescaleIntercept")]
        made.PerFrameFunctionalGroupsSequence.append(frame)
    made.SharedFunctionalGroupsSequence = [shared]
    made.NumberOfFrames, made.PixelData = len(slices), b"".join(data_set.PixelData for data_set in slices)
    for tag in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(made, tag)
    if edit:
        edit(made)
    target.parent.mkdir(exist_ok=True)
    made.save_as(target)
    return target


def _of(data_set: Dataset, *tags: str) -> Dataset:
    made = Dataset()
    for tag in tags:
        made[tag] = data_set[tag]
    return made


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("compress", [False, True])
def test_an_enhanced_file_is_a_series(files, mask, tmp_path, reverse, compress):
    edit = (lambda data_set: data_set.compress(RLELossless)) if compress else None
    file = enhance(files[::-1] if reverse else files, tmp_path / "enhanced" / "IM1", edit)
    same(read_scan(file.parent, mask))
    same(read_scan(file.rename(tmp_path / "IM1.dcm"), mask))


def test_one_frame_a_file_is_a_series(files, mask, tmp_path):
    for number, file in enumerate(files):
        enhance([file], tmp_path / "enhanced" / f"IM{number}")
    same(read_scan(tmp_path / "enhanced", mask))


def test_each_frame_is_rescaled_by_its_own_slope(tmp_path, mask):
    files = [
        write_series(tmp_path / f"{n}", VALUES, slope=1 + n / 2, intercept=-n, **GEOMETRY)[n] for n in range(SHAPE[0])
    ]
    file = enhance(files, tmp_path / "enhanced" / "IM1")
    slopes = np.arange(SHAPE[0])[:, None, None]
    same(read_scan(file.parent, mask), VALUES * (1 + slopes / 2) - slopes)


def test_a_private_group_does_not_replace_the_tags_of_a_frame(files, mask, tmp_path):
    """Philips repeats tags in one, with values of its own."""

    def private(data_set: pydicom.FileDataset) -> None:
        for frame in data_set.PerFrameFunctionalGroupsSequence:
            own = Dataset()
            own.RescaleSlope, own.RescaleIntercept, own.ImagePositionPatient = 7, 3, [0, 0, 0]
            frame.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "SQ", [own])

    same(read_scan(enhance(files, tmp_path / "enhanced" / "IM1", private).parent, mask))


def test_the_acquisition_of_an_enhanced_file_is_read(files, mask, tmp_path):
    file = enhance(files, tmp_path / "enhanced" / "IM1.dcm")
    for image in (file, file.parent):
        acquisition = read_acquisition(image, read_scan(image, mask))
        assert (acquisition.tr, acquisition.te, acquisition.thickness) == (500, 12.5, 3)


def test_faults_of_enhanced_files_are_named(files, mask, tmp_path):
    folder = enhance([*files, files[0]], tmp_path / "enhanced" / "IM1").parent
    assert "two slices at the same position (100.0 mm" in message(folder, mask)
    enhance(files, folder / "IM1", lambda data_set: data_set.PerFrameFunctionalGroupsSequence.pop())
    assert "file 1 of 1 by name has 4 frames but the geometry of 3" in message(folder, mask)
    enhance(files, folder / "IM1", lambda data_set: setattr(data_set, "PixelData", data_set.PixelData[:-1344]))
    assert "frame 4 has truncated pixel data" in message(folder, mask)
    enhance(files, folder / "IM1", lambda data_set: delattr(data_set, "PixelData"))
    assert "has no pixel data" in message(folder, mask)
    enhance(files, folder / "IM1", lambda data_set: delattr(data_set, "PerFrameFunctionalGroupsSequence"))
    assert "multi-frame DICOM file; convert it to NIfTI (dcm2niix)" in message(folder, mask)


# identifiers of series


def test_an_identifier_for_each_slice_is_noted_where_they_make_one_volume(files, mask):
    for file in files:
        change(file, lambda data_set: setattr(data_set, "SeriesInstanceUID", generate_uid(UID_PREFIX)))
    study = Study("P1", "mr", files[0].parent, {"a": mask, "b": mask})
    for scan in read_scans(study).values():
        same(scan)
        assert scan.notes == (
            f"{files[0].parent}: each of its 4 files has a SeriesInstanceUID of its own; they are read as one series.",
        )


def test_an_identifier_for_each_slice_is_named_where_they_make_no_volume(files, mask):
    for file in files:
        change(file, lambda data_set: setattr(data_set, "SeriesInstanceUID", generate_uid(UID_PREFIX)))
    change(files[1], lambda data_set: setattr(data_set, "ImagePositionPatient", [*ORIGIN[:2], 200]))
    found = message(files[0].parent, mask)
    assert "each of its 4 files has a SeriesInstanceUID of its own, and they do not make one volume: " in found
    assert "lacks a slice" in found


def test_notes_of_the_outline_are_kept(files, tmp_path):
    write_series(tmp_path / "labels", OUTLINE, **GEOMETRY)
    for file in (tmp_path / "labels").iterdir():
        change(file, lambda data_set: setattr(data_set, "SeriesInstanceUID", generate_uid(UID_PREFIX)))
    scan = read_scan(files[0].parent, tmp_path / "labels")
    assert len(scan.notes) == 1
    assert scan.notes[0].startswith(str(tmp_path / "labels"))


def test_the_copies_hold_nothing_about_the_patient(files, tmp_path):
    from npc.imaging.classic import classic_files
    from npc.imaging.dicom import read_headers

    for file in files:
        bare(file, True, True)
    copies = classic_files(read_headers(files[0].parent), tmp_path)
    assert [sitk.ReadImage(str(copy)).GetSize() for copy in copies] == [(28, 24, 1)] * 4
    content = b"".join(copy.read_bytes() for copy in copies)
    assert not any(secret.encode() in content for secret in IDENTIFIERS.values())
