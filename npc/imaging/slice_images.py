"""The largest slice of each study as two images: whole, and as the network sees it."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.preprocess import Preprocess, cut, network_input, resize, scale_to_grey, square_pixels, square_window
from npc.imaging.read_all import read_all
from npc.imaging.readers import read_scan

READINGS = ("unmasked", "masked")


def read_slice_images(
    cohort: Cohort, sequences: Sequence[str], settings: Preprocess
) -> dict[str, dict[str, np.ndarray]]:
    """Both images of every patient who has a sequence; each study is read once.

    Args:
        cohort: absent images are skipped.
        sequences: those to read.
        settings: of the network's input; the whole image takes its size alone.

    Returns:
        by sequence and patient, in the order of the cohort, uint8 (2, size, size): the images that `READINGS` names.

    Raises:
        InputError: faults of the images, of all patients and sequences at once.
    """
    images: dict[str, dict[str, np.ndarray]] = {sequence: {} for sequence in sequences}
    faults: list[str] = []
    studies = [study for sequence in sequences for study in cohort.studies(sequence)]
    for study, found in read_all(studies, partial(_draw, settings=settings), "Reading images", faults):
        images[study.sequence][study.patient] = found
    if faults:
        raise InputError(faults, f"{len(faults)} of {len(studies)} studies cannot be used")
    return images


def whole_slice(plane: np.ndarray, size: int, pixel: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    """A whole slice scaled to 0-255 by its own minimum and maximum; a slice that is not square is padded with 0.

    Args:
        plane: (row, column); what is not finite becomes the minimum.
        size: pixels along a side of the image.
        pixel: mm from row to row and from column to column.

    Returns:
        uint8 (size, size).
    """
    finite = np.isfinite(plane)
    plane = np.where(finite, plane, plane[finite].min())
    everything = np.ones(plane.shape, bool)
    plane, everything = square_pixels(plane, everything, pixel)
    return resize(cut(scale_to_grey(plane), square_window(everything, Preprocess(size))), size)


def _draw(study: Study, settings: Preprocess) -> np.ndarray:
    scan = read_scan(study)
    masked, largest = network_input(scan.image, scan.mask, settings, scan.spacing[1:])
    return np.stack([whole_slice(scan.image[largest], settings.size, scan.spacing[1:]), masked[1]])
