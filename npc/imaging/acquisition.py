"""Acquisition parameters of an image, as in Table 1 of the paper, from DICOM headers or a NIfTI file's BIDS sidecar.

Text that a person has typed is never passed on: of the tags below, numbers are checked for their range and rounded, and
the manufacturer is replaced by an entry of a fixed list.
"""

import json
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from npc.imaging.dicom import GROUPS, UNREADABLE, frame_tags, read_data_set
from npc.imaging.formats import VOLUMES, dicom_files, is_volume
from npc.imaging.readers import Scan

VENDORS = {
    "GE": r"\bge\b|general electric",
    "Philips": "philips",
    "Siemens": "siemens",
    "Canon/Toshiba": "canon|toshiba",
    "Hitachi": "hitachi",
    "United Imaging": r"\buih\b|united imaging",
}
OTHER = "other"
NOMINAL_FIELDS = (
    0.2,
    0.3,
    0.35,
    0.5,
    0.55,
    1.0,
    1.2,
    1.5,
    3.0,
    5.0,
    7.0,
)  # tesla; the header of a 3 T scanner may give 2.8936
_TAGS = [
    "Manufacturer", "MagneticFieldStrength", "RepetitionTime", "EchoTime", "NumberOfAverages", "AcquisitionMatrix",
    "SliceThickness", "SpacingBetweenSlices", "Rows", "EffectiveEchoTime",
]  # fmt: skip
_READ_FAILURES = (*UNREADABLE, RecursionError)


@dataclass(frozen=True)
class Acquisition:
    """Parameters of one image; None where not known.

    Attributes:
        vendor: a key of `VENDORS`, or `OTHER`.
        field: tesla, nominal.
        tr: repetition time, ms.
        te: echo time, ms.
        averages: number of excitations.
        field_of_view: mm, (height, width).
        acquired: acquisition matrix, steps of frequency and phase encoding.
        reconstructed: pixels, (rows, columns).
        thickness: of a slice, mm.
        gap: between slices, mm; negative where they overlap.
    """

    vendor: str | None
    field: float | None
    tr: float | None
    te: float | None
    averages: float | None
    field_of_view: tuple[float, float]
    acquired: tuple[int, int] | None
    reconstructed: tuple[int, int]
    thickness: float | None
    gap: float | None


def read_acquisition(image: Path, scan: Scan) -> Acquisition:
    """Reads the parameters from the image's header or sidecar, and the scan's geometry; None for what can't be read.

    Args:
        image: DICOM folder, or a volume that may have a sidecar (`cet1.json` next to `cet1.nii.gz`).
        scan: the same image, read. If no distance between slices is given, it is computed from their positions.
    """
    tags = _tags(image)
    thickness = _number(tags.get("SliceThickness"), 0.01, 100)
    distance = _number(tags.get("SpacingBetweenSlices"), 0.01, 100) or scan.spacing[0]
    rows, columns = scan.image.shape[1:]
    return Acquisition(
        vendor=_vendor(tags.get("Manufacturer")),
        field=_field(_number(tags.get("MagneticFieldStrength"), 0.01, 20, digits=4)),
        tr=_number(tags.get("RepetitionTime"), 0.1, 60_000, digits=1),
        te=_number(tags.get("EchoTime"), 0.01, 2_000, digits=1),
        averages=_number(tags.get("NumberOfAverages"), 0.1, 100, digits=1),
        field_of_view=(round(rows * scan.spacing[1], 1), round(columns * scan.spacing[2], 1)),
        acquired=_acquired(tags),
        reconstructed=(rows, columns),
        thickness=thickness,
        gap=None if thickness is None else round(distance - thickness, 2),
    )


def read_scanner(image: Path) -> str | None:
    """Vendor and field strength, such as `Siemens 3 T`; None where either is not known.

    Args:
        image: as for `read_acquisition`.
    """
    tags = _tags(image)
    vendor, field = _vendor(tags.get("Manufacturer")), _field(_number(tags.get("MagneticFieldStrength"), 0.01, 20, 4))
    return None if vendor is None or field is None else f"{vendor} {field:g} T"


def _tags(image: Path) -> Mapping[str, Any]:
    return _sidecar_tags(image) if is_volume(image) else _dicom_tags(image)


def _dicom_tags(series: Path) -> Mapping[str, Any]:
    """Tags of the first image of a folder or enhanced file; the slices of a series share them."""
    for file in dicom_files(series) if series.is_dir() else [series]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings quote the values
                header = read_data_set(file, stop_before_pixels=True, specific_tags=[*_TAGS, *GROUPS])
                flat = frame_tags(header)
                tags = {tag: flat.get(tag) for tag in _TAGS}
                tags["EchoTime"] = tags["EchoTime"] or tags["EffectiveEchoTime"]  # of an enhanced file
        except _READ_FAILURES:
            continue
        if tags["Rows"] is not None:
            return tags
    return {}


def _sidecar_tags(volume: Path) -> Mapping[str, Any]:
    """Tags of the sidecar under their DICOM names, times converted to ms as in DICOM."""
    suffix = next(end for end in VOLUMES if volume.name.lower().endswith(end))
    try:
        tags = json.loads(volume.with_name(volume.name[: -len(suffix)] + ".json").read_text(encoding="utf-8"))
    except _READ_FAILURES:
        return {}
    if not isinstance(tags, dict):
        return {}
    for time in ("RepetitionTime", "EchoTime"):
        seconds = _number(tags.get(time), 1e-5, 60, digits=6)
        tags[time] = None if seconds is None else 1000 * seconds
    return tags


def _number(value: Any, low: float, high: float, digits: int = 2) -> float | None:
    """The rounded value; None unless it is one number within the range."""
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return round(number, digits) if low <= number <= high else None


def _vendor(manufacturer: Any) -> str | None:
    if not manufacturer:
        return None
    name = str(manufacturer).casefold()
    return next((vendor for vendor, words in VENDORS.items() if re.search(words, name)), OTHER)


def _field(tesla: float | None) -> float | None:
    if tesla is None:
        return None
    nominal = min(NOMINAL_FIELDS, key=lambda strength: abs(strength - tesla))
    return nominal if abs(nominal - tesla) <= 0.05 * nominal else round(tesla, 1)


def _acquired(tags: Mapping[str, Any]) -> tuple[int, int] | None:
    """Acquisition matrix. DICOM: frequency rows and columns, phase rows and columns, two are 0; dcm2niix: two tags."""
    matrix = tags.get("AcquisitionMatrix")
    if isinstance(matrix, Sequence) and len(matrix) == 4:
        sides = [_number(value, 0, 8192, digits=0) or 0 for value in matrix]
        steps = [max(sides[:2]), max(sides[2:])]
    else:
        steps = [_number(tags.get(name), 1, 8192, digits=0) or 0 for name in ("BaseResolution", "AcquisitionMatrixPE")]
    return (int(steps[0]), int(steps[1])) if min(steps) > 0 else None
