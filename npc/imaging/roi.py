"""The ROIs of an RTSTRUCT, and the choice of one."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from npc.errors import InputError
from npc.imaging.dicom import UNREADABLE, read_data_set

_EXCLUSIVE = "CLOSEDPLANAR_XOR"
_CLOSED = ("CLOSED_PLANAR", _EXCLUSIVE, "INTERPOLATED_PLANAR")


@dataclass(frozen=True)
class Roi:
    """One ROI.

    Attributes:
        name: as the RTSTRUCT gives it.
        frame: identifier of its frame of reference; for comparison, never for a message. Empty if not given.
        contours: the closed contours of three points or more, (points, xyz) in mm.
        exclusive: whether they are combined by exclusive or (type CLOSEDPLANAR_XOR).
        smaller: number of closed contours of one or two points, which enclose nothing.
        others: types of the other contours.
    """

    name: str
    frame: str
    contours: list[np.ndarray]
    exclusive: bool
    smaller: int
    others: list[str]


def choose_roi(file: Path, called: str, roi: str | None, may_lack: bool = False) -> Roi | None:
    """The requested ROI, with at least one contour that can be filled.

    Args:
        file: the RTSTRUCT file.
        called: its name in messages.
        roi: the ROI's name, or a pattern of it (`named`); None where only one ROI has contours.
        may_lack: whether a patient may have no such ROI, or one without contours.

    Returns:
        None of a patient who lacks it.

    Raises:
        InputError: unreadable file, no such ROI, or an ROI whose contours enclose nothing.
    """
    rois = _read_rois(file, called)
    if not rois:
        raise InputError(f"{called} lists no ROI; export the outline again.")
    names = ", ".join(repr(each.name) for each in rois)
    matching = named(roi, [each.name for each in rois]) if roi else []
    chosen = [each for each in rois if each.name in matching or (roi is None and each.contours)]
    if may_lack and not any(each.contours or each.smaller or each.others for each in chosen):
        return None
    if not chosen and roi is not None:
        raise InputError(f"{called} has no ROI {roi!r}; those there: {names}.")
    if len(chosen) > 1:
        if roi is None:
            raise InputError(
                f"{called} has several ROIs with contours; name one with cohort.roi, those there: {names}."
            )
        if len(set(matching)) > 1:
            raise InputError(f"{called} has several ROIs {roi!r}; name one of them, those there: {names}.")
        raise InputError(f"{called} has ROI {roi!r} more than once; rename all but one, those there: {names}.")
    if not chosen or not chosen[0].contours:
        asked = chosen or rois
        if any(each.smaller for each in asked):
            raise InputError(
                f"{called}: the contours in {roi or 'its ROIs'} ({names}) have fewer than three points and enclose "
                "nothing; outline the tumour."
            )
        others = sorted({other for each in asked for other in each.others})
        what = f"contours of type {', '.join(others)} alone" if others else "no contours"
        raise InputError(
            f"{called} has an empty outline: {what} in {roi or 'its ROIs'} ({names}); "
            "outline the tumour with closed contours."
        )
    if not np.isfinite(np.concatenate(chosen[0].contours)).all():
        raise InputError(f"{called}: ROI {chosen[0].name!r} has points that are not finite; export it again.")
    return chosen[0]


def named(asked: str, names: Sequence[str]) -> list[str]:
    """The names that are meant: the one itself or, if there is none, those that match it as a pattern.

    In a pattern `*` stands for any characters, `?` for one, and capitals count: `GTV*`.
    """
    return [name for name in names if name == asked] or [name for name in names if fnmatchcase(name, asked)]


def _read_rois(file: Path, called: str) -> list[Roi]:
    drawn: dict[str, list[tuple[str, np.ndarray]]] = {}  # type and coordinates of the contours with points, by ROI
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote the values
            structure = read_data_set(file)
            for item in structure.get("ROIContourSequence") or []:
                drawn.setdefault(str(item.ReferencedROINumber), []).extend(
                    (str(contour.ContourGeometricType), np.asarray(contour.ContourData, dtype=float))
                    for contour in item.get("ContourSequence") or []
                    if contour.get("ContourData")
                )
            listed = [
                (str(item.ROINumber), str(item.ROIName), str(item.get("ReferencedFrameOfReferenceUID") or ""))
                for item in structure.StructureSetROISequence
            ]
    except UNREADABLE as error:
        raise InputError(f"{called} is a truncated or damaged RTSTRUCT; copy or export it again.") from error
    if any(numbers.size % 3 for contours in drawn.values() for _, numbers in contours):
        raise InputError(f"{called} has a contour whose coordinates are not triples (x, y, z); export it again.")
    return [_roi(name, frame, drawn.get(number, [])) for number, name, frame in listed]


def _roi(name: str, frame: str, drawn: list[tuple[str, np.ndarray]]) -> Roi:
    closed = [(kind, numbers.reshape(-1, 3)) for kind, numbers in drawn if kind in _CLOSED]
    contours = [points for _, points in closed if len(points) >= 3]
    return Roi(
        name,
        frame,
        contours,
        exclusive=any(kind == _EXCLUSIVE for kind, _ in closed),
        smaller=len(closed) - len(contours),
        others=[kind for kind, _ in drawn if kind not in _CLOSED],
    )
