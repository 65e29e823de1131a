"""The ROIs of an RTSTRUCT, and the choice of one."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from npc.errors import InputError
from npc.imaging.dicom import UNREADABLE, read_data_set

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "INTERPOLATED_PLANAR")


@dataclass(frozen=True)
class Roi:
    """One ROI.

    Attributes:
        name: as the RTSTRUCT gives it.
        frame: identifier of its frame of reference; for comparison, never for a message. Empty if not given.
        contours: the closed contours, (points, xyz) in mm.
        others: types of the other contours.
    """

    name: str
    frame: str
    contours: list[np.ndarray]
    others: list[str]


def choose_roi(file: Path, called: str, roi: str | None) -> Roi:
    """The requested ROI, with at least one contour that can be filled.

    Args:
        file: the RTSTRUCT file.
        called: its name in messages.
        roi: the ROI's name; None where only one ROI has contours.

    Raises:
        InputError: unreadable file, no such ROI, or an ROI whose contours enclose nothing.
    """
    rois = _read_rois(file, called)
    if not rois:
        raise InputError(f"{called} lists no ROI; export the outline again.")
    names = ", ".join(repr(each.name) for each in rois)
    chosen = [each for each in rois if each.name == roi or (roi is None and each.contours)]
    if not chosen and roi is not None:
        raise InputError(f"{called} has no ROI {roi!r}; those there: {names}.")
    if len(chosen) > 1:
        if roi is None:
            raise InputError(
                f"{called} has several ROIs with contours; name one with cohort.roi, those there: {names}."
            )
        raise InputError(f"{called} has ROI {roi!r} more than once; rename all but one, those there: {names}.")
    if not chosen or not chosen[0].contours:
        others = sorted({other for each in chosen or rois for other in each.others})
        what = f"contours of type {', '.join(others)} alone" if others else "no contours"
        raise InputError(
            f"{called} has an empty outline: {what} in {roi or 'its ROIs'} ({names}); "
            "outline the tumour with closed contours."
        )
    points = np.concatenate(chosen[0].contours)
    if not np.isfinite(points).all():
        raise InputError(f"{called}: ROI {chosen[0].name!r} has points that are not finite; export it again.")
    if max(map(len, chosen[0].contours)) < 3:
        raise InputError(
            f"{called}: the contours of ROI {chosen[0].name!r} have fewer than three points and enclose nothing; "
            "outline the tumour."
        )
    return chosen[0]


def _read_rois(file: Path, called: str) -> list[Roi]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote the values
            structure = read_data_set(file)
            contours = {
                item.ReferencedROINumber: [
                    (str(contour.ContourGeometricType), np.asarray(contour.ContourData, dtype=float))
                    for contour in item.get("ContourSequence") or []
                ]
                for item in structure.get("ROIContourSequence") or []
            }
            listed = [
                (str(item.ROIName), str(item.get("ReferencedFrameOfReferenceUID") or ""), item.ROINumber)
                for item in structure.StructureSetROISequence
            ]
    except UNREADABLE as error:
        raise InputError(f"{called} is a truncated or damaged RTSTRUCT; copy or export it again.") from error
    if any(numbers.size % 3 for drawn in contours.values() for _, numbers in drawn):
        raise InputError(f"{called} has a contour whose coordinates are not triples (x, y, z); export it again.")
    return [
        Roi(
            name,
            frame,
            [numbers.reshape(-1, 3) for kind, numbers in contours.get(number, []) if kind in _CLOSED and numbers.size],
            [kind for kind, _ in contours.get(number, []) if kind not in _CLOSED],
        )
        for name, frame, number in listed
    ]
