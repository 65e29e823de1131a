"""DICOM files for tests: an MR series from an array, an RTSTRUCT from masks, both full of identifiers."""

from pathlib import Path

import numpy as np
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, RTStructureSetStorage, generate_uid
from skimage.measure import find_contours

UID_PREFIX = "1.2.826.0.1.3680043.10.999."
FRAME_OF_REFERENCE = UID_PREFIX + "1"
IDENTIFIERS = {
    "PatientName": "DOE^JANE",
    "PatientID": "HOSPITAL-4711",
    "PatientBirthDate": "19661224",
    "StudyDate": "20110913",
    "AccessionNumber": "ACC-90210",
}
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def write_series(
    folder: Path,
    array: np.ndarray,
    *,
    spacing: tuple[float, float, float] = (3.0, 1.0, 1.0),
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    direction: tuple[float, ...] = AXIAL,
    slope: float | None = None,
    intercept: float = 0.0,
    name: str = "slice_{:03}.dcm",
) -> list[Path]:
    """Write an MR series and return its files in the array's order.

    Args:
        folder: made if need be.
        array: (slice, row, column) of int16 values as stored, before rescaling.
        spacing: mm, (slice, row, column).
        origin: mm, (x, y, z) of the first voxel.
        direction: as in SimpleITK, the columns being the directions of column, row and slice index.
        slope: rescale slope; None writes neither slope nor intercept.
        intercept: rescale intercept.
        name: file name, given the slice's number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    axes = np.reshape(direction, (3, 3)).T
    series, study = generate_uid(UID_PREFIX), generate_uid(UID_PREFIX)
    files = []
    for number, pixels in enumerate(np.asarray(array, dtype=np.int16)):
        dataset = new_dataset(MRImageStorage, "MR")
        dataset.SeriesInstanceUID, dataset.StudyInstanceUID = series, study
        dataset.FrameOfReferenceUID = FRAME_OF_REFERENCE
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.PixelSpacing = [decimal_string(step) for step in spacing[1:]]
        dataset.SliceThickness = decimal_string(spacing[0])
        dataset.ImageOrientationPatient = [decimal_string(value) for value in (*axes[0], *axes[1])]
        dataset.ImagePositionPatient = [decimal_string(value) for value in origin + number * spacing[0] * axes[2]]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 1
        if slope is not None:
            dataset.RescaleSlope, dataset.RescaleIntercept = decimal_string(slope), decimal_string(intercept)
        dataset.PixelData = pixels.tobytes()
        files.append(folder / name.format(number))
        dataset.save_as(files[-1])
    return files


def write_rtstruct(
    file: Path,
    masks: dict[str, np.ndarray],
    *,
    spacing: tuple[float, float, float] = (3.0, 1.0, 1.0),
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    direction: tuple[float, ...] = AXIAL,
) -> Path:
    """Write masks (slice, row, column), by ROI name, as contours half-way between voxels; geometry as above."""
    file.parent.mkdir(parents=True, exist_ok=True)
    dataset = new_dataset(RTStructureSetStorage, "RTSTRUCT")
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    to_mm = np.reshape(direction, (3, 3)) * np.array(spacing)[::-1]
    for number, (name, mask) in enumerate(masks.items(), 1):
        roi, outline = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, name
        roi.ReferencedFrameOfReferenceUID = FRAME_OF_REFERENCE
        outline.ReferencedROINumber, outline.ContourSequence = number, []
        for index, plane in enumerate(mask):
            for loop in find_contours(np.pad(plane, 1).astype(float), 0.5):
                points = [(column - 1, row - 1, index) for row, column in loop[:-1]]
                contour = Dataset()
                contour.ContourGeometricType = "CLOSED_PLANAR"
                contour.NumberOfContourPoints = len(points)
                contour.ContourData = [decimal_string(v) for v in (points @ to_mm.T + origin).ravel()]
                outline.ContourSequence.append(contour)
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(outline)
    dataset.save_as(file)
    return file


def new_dataset(kind: str, modality: str) -> FileDataset:
    """A file of a kind (SOP class) with the patient's identifiers and nothing else."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, generate_uid(UID_PREFIX)
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    dataset.Modality = modality
    for tag, value in IDENTIFIERS.items():
        setattr(dataset, tag, value)
    return dataset


def decimal_string(value: float) -> str:
    """A decimal string of at most 16 characters, as the standard has it."""
    return f"{value:.9g}"
