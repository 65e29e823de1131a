"""An image and its outline, or several, from any format, as axial arrays on one grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from npc.cohort.studies import Label, Study
from npc.errors import InputError
from npc.imaging.dicom import Header, read_header, read_headers
from npc.imaging.formats import DICOM_SUFFIXES, image_files, is_volume
from npc.imaging.notes import notes_of
from npc.imaging.region import region_of
from npc.imaging.rtstruct import read_rtstruct
from npc.imaging.segmentation import read_segmentation
from npc.imaging.series import read_series
from npc.imaging.volumes import read_volume
from npc.names import FIRST_READER

# Labels within this of a whole number are that number: files of floats store 0.9999 for 1.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Scan:
    """An image and its outline; slices run to superior, rows to posterior, columns to the patient's left.

    Attributes:
        image: float32 (slice, row, column), finite inside the outline.
        mask: bool, the same shape, with at least one voxel set unless the study may lack the region.
        spacing: mm, (slice, row, column).
        by_index: whether the outline's header gives it no position, so that it was laid on the image voxel by voxel.
        notes: what was noticed in the files and how they were read; sentences.
        shown: bool, the same shape, the region by which slices are chosen, where it is not `mask`.
    """

    image: np.ndarray
    mask: np.ndarray
    spacing: tuple[float, float, float]
    by_index: bool = False
    notes: tuple[str, ...] = ()
    shown: np.ndarray | None = None


def read_scan(study: Study) -> Scan:
    """Read a patient's image with the first reader's outline.

    Args:
        study: its other outlines are not read.

    Raises:
        InputError: as for `read_scans`.
    """
    return read_scans(study.by(FIRST_READER))[FIRST_READER]


def read_scans(study: Study) -> dict[str, Scan]:
    """Read a patient's image, decoded once, with each of its outlines; all share the image's array.

    Args:
        study: the files, and how the outlines are to be read.

    Returns:
        by reader.

    Raises:
        InputError: a file is missing or can't be read as one volume; an outline is missing in its file, is empty or
            is on another grid; the image has a value inside it that is not finite. The faults of all outlines at once.
    """
    faults: list[str] = []
    for path in study.files:
        try:
            image_files(path)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    native = _read_image(study.image)
    image = _axial(native)
    values = sitk.GetArrayFromImage(image).astype(np.float32, copy=False)
    column, row, slice_ = image.GetSpacing()
    scans = {}
    for reader, path in study.outlines.items():
        try:
            outlined, shown, by_index, notes = _read_outline(path, study, native, image)
            inside = region_of(outlined, values, (slice_, row, column), study.region)
            _check_finite(values, inside, study.image)
            told = (*notes_of(native), *notes)
            scans[reader] = Scan(values, inside, (slice_, row, column), by_index, told, shown)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(dict.fromkeys(faults))  # a fault of the image itself is met again with each outline
    return scans


def _read_image(path: Path) -> sitk.Image:
    if path.is_dir():
        return read_series(path, read_headers(path))
    if is_volume(path):
        return read_volume(path)
    header = read_header(path, str(path))
    if header.is_enhanced:
        return read_series(path, [header])
    raise InputError(f"{path} is a single DICOM file; give the folder that holds the whole series.")


def _read_outline(
    path: Path, study: Study, native: sitk.Image, image: sitk.Image
) -> tuple[np.ndarray, np.ndarray | None, bool, Sequence[str]]:
    """The outline, that of the region by which slices are chosen, whether it was laid by index, and its notes.

    Its grid is that of `image`, which is `native` made axial.
    """
    if drawn := _drawn(path):
        outlined = _read_drawn(drawn, path, study, native, study.label, study.may_lack)
        shown = None if study.sliced_by is None else _read_drawn(drawn, path, study, native, study.sliced_by)
        return outlined, shown, False, ()
    if named := [value for value in study.rois.values() if isinstance(value, str)]:
        raise InputError(
            f"{path} is a label map, and cohort.rois has the name {named[0]!r}; give the value of each region in the "
            "label maps, as in +cohort.rois.tumour=1."
        )
    given = _read_image(path)
    notes = notes_of(given)
    by_index = study.by_index and _has_no_position(given) and given.GetSize() == native.GetSize()
    by_index = by_index and not _same_grid(given, native)
    if by_index:
        given.CopyInformation(native)
    mask = _axial(given)
    _check_grid(image, mask, study.image, path)
    labels = _whole(sitk.GetArrayFromImage(mask), path)
    outlined = _outline(labels, path, study.label, study.may_lack)
    return outlined, None if study.sliced_by is None else _outline(labels, path, study.sliced_by), by_index, notes


def _read_drawn(
    drawn: Header, path: Path, study: Study, native: sitk.Image, label: Label, may_lack: bool = False
) -> np.ndarray:
    """One outline of an RTSTRUCT or a segmentation: `label` is its name, or the number of a segment."""
    called, roi = str(path), label if isinstance(label, str) else study.roi
    number = None if isinstance(label, str) else label
    if not drawn.is_rtstruct:
        mask = read_segmentation(drawn.file, called, number, roi, native, may_lack)
    elif study.rois and number is not None:
        raise InputError(
            f"{path} is an RTSTRUCT, whose ROIs have no numbers, and cohort.rois has {number}; give the name of each "
            "region's ROI, as in +cohort.rois.tumour=GTVp."
        )
    else:
        mask = read_rtstruct(drawn.file, called, roi, native, may_lack)
    inside = _whole(sitk.GetArrayFromImage(_axial(mask)), path)
    return inside > 0 if may_lack and not inside.any() else _outline(inside, path, None)


def _has_no_position(mask: sitk.Image) -> bool:
    """Whether a header says no more than sizes: the origin at 0, the axes along the patient's.

    Scripts and some exports write such NIfTI files, perhaps also the published NPC set (`npc.cohort.sources.foshan`);
    its users lay their voxels (x, y, z) on the image's (z, y, x) by index.
    """
    return not np.any(mask.GetOrigin()) and np.array_equal(np.abs(mask.GetDirection()), np.eye(3).ravel())


def _same_grid(one: sitk.Image, other: sitk.Image) -> bool:
    return bool(np.isclose(one.GetOrigin(), other.GetOrigin(), atol=0.5 * min(other.GetSpacing())).all()) and bool(
        np.isclose(one.GetDirection(), other.GetDirection(), atol=1e-3).all()
        and np.isclose(one.GetSpacing(), other.GetSpacing(), rtol=1e-3).all()
    )


def _check_finite(values: np.ndarray, inside: np.ndarray, image_path: Path) -> None:
    if bad := int((~np.isfinite(values[inside])).sum()):
        raise InputError(
            f"{image_path} has {bad} voxels inside the outline that are not finite (NaN or infinite); "
            "repair the image or leave the patient out."
        )


def _drawn(path: Path) -> Header | None:
    """The RTSTRUCT or DICOM segmentation that a mask's path means, or None where it is a label map."""
    if not path.is_dir():
        headers = [read_header(path, str(path))] if path.suffix.lower() in DICOM_SUFFIXES else []
    else:
        headers = read_headers(path)
    for kind, name in (("is_rtstruct", "RTSTRUCT files"), ("is_segmentation", "DICOM segmentations")):
        found = [header for header in headers if getattr(header, kind)]
        if len(found) > 1:
            raise InputError(f"{path} holds {len(found)} {name}; give the path of one of them.")
        if found:
            return found[0]
    return None


def _axial(image: sitk.Image) -> sitk.Image:
    oriented = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(image.GetDirection())
    return image if oriented == "LPS" else sitk.DICOMOrient(image, "LPS")  # which would copy every voxel


def _check_grid(image: sitk.Image, mask: sitk.Image, image_path: Path, mask_path: Path) -> None:
    """Both axial: equal sizes and corners within half a voxel, which is the rounding of headers."""
    if image.GetSize() == mask.GetSize():
        offsets = [
            np.subtract(image.TransformPhysicalPointToContinuousIndex(mask.TransformIndexToPhysicalPoint(at)), at)
            for at in product(*((0, size - 1) for size in image.GetSize()))
        ]
        offset = np.abs(offsets).max()
        if offset <= 0.5:
            return
        difference = f"corners up to {offset:.1f} voxels apart"
    else:
        difference = "different sizes"
    raise InputError(
        f"{mask_path} is on another grid than {image_path} "
        f"({difference}: {_grid(mask)} against {_grid(image)}); "
        "export or resample the outline on the image's own grid."
    )


def _grid(image: sitk.Image) -> str:
    size, spacing = reversed(image.GetSize()), reversed(image.GetSpacing())
    return f"{' x '.join(map(str, size))} voxels of {' x '.join(f'{step:.3g}' for step in spacing)} mm"


def _outline(labels: np.ndarray, path: Path, label: Label, may_lack: bool = False) -> np.ndarray:
    """The outline as bool; `label` None is the only value but zero, and of several labels those there are merged."""
    inside = labels != 0 if label is None else np.isin(labels, label)
    if inside.all():
        raise InputError(f"{path} outlines all of the image; write 0 around the tumour.")
    there = [] if label is not None and inside.any() else [f"{value:g}" for value in np.unique(labels[labels != 0])]
    if (inside.any() and len(there) <= 1) or (there and may_lack and not inside.any()):
        return inside
    if not there:
        raise InputError(f"{path} has an empty outline: every voxel is 0; outline the tumour.")
    listed = ", ".join([*there[:20], *(["..."] if len(there) > 20 else [])])
    if label is not None:
        asked = " or ".join(map(str, np.atleast_1d(label)))
        raise InputError(f"{path} has no label {asked}; those there: {listed}.")
    raise InputError(
        f"{path} has {len(there)} labels ({listed}); choose the tumour's, as in cohort.label={there[0]}, or several "
        f"as in cohort.label=[{','.join(there[:2])}], save the mask with one label, or give the outline if this is "
        "the image."
    )


def _whole(labels: np.ndarray, path: Path) -> np.ndarray:
    """The labels without what rounding has added to whole numbers."""
    if not np.isfinite(labels).all():
        raise InputError(f"{path} has voxels that are not finite (NaN or infinite); write 0 around the outline.")
    if labels.dtype.kind != "f":
        return labels
    whole = np.rint(labels)
    parts = labels[np.abs(labels - whole) > _ROUNDING]
    if not parts.size:
        return whole
    raise InputError(
        f"{path} has fractions between its labels ({parts.size} voxels, {parts.min():.3g} to {parts.max():.3g}), "
        "as an interpolated outline or a probability map has; resample the outline with nearest neighbour, or cut it "
        "at one half, and save whole numbers."
    )
