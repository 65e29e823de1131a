"""The phantom's image files: NIfTI with a BIDS sidecar, or DICOM, with the parameters of Table 1 in the headers."""

import json
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from npc.errors import InputError
from npc.phantom.scanners import Acquisition, Grid

AVERAGES = 1  # NEX


def write_nifti(path: Path, array: np.ndarray, grid: Grid) -> None:
    """Writes a volume, (slice, row, column)."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(grid.spacing[::-1])
    image.SetOrigin([float(axis[0]) for axis in grid.axes[::-1]])
    try:
        sitk.WriteImage(image, path, useCompression=True, compressionLevel=1)
    except RuntimeError:
        raise InputError(f"{path}: can't be written; check the free space and your permissions there") from None


def write_sidecar(path: Path, sequence: str, acquisition: Acquisition) -> None:
    """Writes what NIfTI can't hold, with the names of BIDS (times in seconds) and of the DICOM standard."""
    scanner = acquisition.scanner
    frequency, phase = scanner.protocols[sequence].matrix
    content = {
        "Modality": "MR",
        "Manufacturer": scanner.manufacturer,
        "ManufacturersModelName": scanner.model,
        "MagneticFieldStrength": scanner.field,
        "SeriesDescription": sequence,
        "ScanningSequence": "SE",
        "RepetitionTime": acquisition.tr[sequence] / 1000,
        "EchoTime": acquisition.te[sequence] / 1000,
        "NumberOfAverages": AVERAGES,
        "ReconstructionDiameter": acquisition.field_of_view,
        "AcquisitionMatrix": [frequency, 0, 0, phase],
        "AcquisitionMatrixPE": phase,
        "SliceThickness": scanner.thickness,
        "SpacingBetweenSlices": _step(acquisition),
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def write_series(folder: Path, image: np.ndarray, patient: str, sequence: str, acquisition: Acquisition) -> None:
    """Writes a DICOM file for each slice; the same phantom gives the same bytes, UIDs included."""
    folder.mkdir()
    header = _header(image, patient, sequence, acquisition)
    z, y, x = acquisition.grid(image.shape[1]).axes
    for number, pixels in enumerate(image):
        uid = generate_uid(entropy_srcs=[patient, sequence, str(number)])
        header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = uid
        header.InstanceNumber = number + 1
        header.ImagePositionPatient = _decimals(x[0], y[0], z[number])
        header.PixelData = pixels.tobytes()
        header.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)


def _header(image: np.ndarray, patient: str, sequence: str, acquisition: Acquisition) -> FileDataset:
    """The header that the slices of a series share."""
    scanner, grid = acquisition.scanner, acquisition.grid(image.shape[1])
    frequency, phase = scanner.protocols[sequence].matrix
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = MRImageStorage, ExplicitVRLittleEndian
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    header.SOPClassUID = MRImageStorage
    header.PatientName, header.PatientID = "Phantom", patient
    header.StudyInstanceUID = header.FrameOfReferenceUID = generate_uid(entropy_srcs=[patient])
    header.SeriesInstanceUID = generate_uid(entropy_srcs=[patient, sequence])
    header.Modality, header.SeriesDescription, header.ScanningSequence = "MR", sequence, "SE"
    header.Manufacturer, header.ManufacturerModelName = scanner.manufacturer, scanner.model
    header.MagneticFieldStrength = scanner.field
    header.RepetitionTime, header.EchoTime = acquisition.tr[sequence], acquisition.te[sequence]
    header.NumberOfAverages, header.ReconstructionDiameter = AVERAGES, acquisition.field_of_view
    header.AcquisitionMatrix, header.InPlanePhaseEncodingDirection = [frequency, 0, 0, phase], "ROW"
    header.SliceThickness, header.SpacingBetweenSlices = scanner.thickness, _step(acquisition)
    header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    header.PixelSpacing = _decimals(*grid.spacing[1:])
    header.Rows, header.Columns = image.shape[1:]
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 16, 15, 1
    return header


def _step(acquisition: Acquisition) -> float:
    """Distance from slice to slice, mm."""
    return acquisition.grid(1).spacing[0]


def _decimals(*values: float) -> list[str]:
    """Numbers as DICOM decimal strings: at most 16 characters."""
    return [f"{value:.10g}" for value in values]
