"""Geometry of one DICOM slice from its header, checked."""

import numpy as np

from npc.errors import InputError
from npc.imaging.dicom import GEOMETRY, RESCALING, Header


def slice_geometry(header: Header) -> tuple[list[float], list[float]]:
    """Size, pixel spacing and orientation of a slice as a list of ten numbers, and its position (mm).

    Raises:
        InputError: the header lacks one of them, or has impossible values.
    """
    tags = {tag: _numbers(header, tag) for tag in (*GEOMETRY, *RESCALING)}
    if lacking := [tag for tag in GEOMETRY if not tags[tag]]:
        raise InputError(f"{header.called} lacks {', '.join(lacking)}; export the series again with complete headers.")
    axes = np.reshape(tags["ImageOrientationPatient"], (2, 3))
    wrong = [f"{tag} is not finite" for tag, values in tags.items() if not np.isfinite(values).all()]
    if min(tags["PixelSpacing"]) <= 0:
        wrong.append("PixelSpacing is not above 0")
    if tags["RescaleSlope"] == [0]:
        wrong.append("RescaleSlope is 0")
    if not wrong and not np.allclose(axes @ axes.T, np.eye(2), atol=1e-2):
        wrong = ["the two directions of ImageOrientationPatient are not orthogonal"]
    if wrong:
        raise InputError(f"{header.called} has a damaged header ({', '.join(wrong)}); export the series again.")
    *plane, x, y, z = (value for tag in GEOMETRY for value in tags[tag])
    return plane, [x, y, z]


def _numbers(header: Header, tag: str) -> list[float]:
    """The numbers of a tag; empty if the tag is missing."""
    value = header.tags.get(tag)
    if value is None or value == "":
        return []
    try:
        values = [float(number) for number in np.atleast_1d(value)]
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{header.called} has a damaged header ({tag} is not a number); export the series again."
        ) from error
    if len(values) != GEOMETRY.get(tag, 1):
        raise InputError(
            f"{header.called} has a damaged header ({tag} holds {len(values)} of {GEOMETRY.get(tag, 1)} numbers); "
            "export the series again."
        )
    return values
