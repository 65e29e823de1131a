"""The largest slice of each study as two images: whole, and as the network sees it."""

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import cut, network_input, resize, scale_to_grey, square_pixels, square_window
from npc.imaging.read_all import read_all
from npc.imaging.readers import Scan, read_scan
from npc.imaging.slices import largest_slice

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


def framed(scan: Scan, settings: Preprocess) -> tuple[np.ndarray, np.ndarray, float]:
    """The anatomy in the frame of the network's input, not masked.

    Args:
        scan: of a patient.
        settings: of the network's input.

    Returns:
        largest slice, uint8 (size, size), its outline, bool, and the side of a pixel, mm.
    """
    largest, pixel = largest_slice(scan.mask), scan.spacing[1:]
    shown = np.max(scan.mask if settings.slices else scan.mask[[largest]], axis=0)
    plane = np.nan_to_num(scan.image[largest], posinf=0, neginf=0)
    window = square_window(square_pixels(plane, shown, pixel)[1], settings, min(pixel))
    plane, outline = square_pixels(plane, scan.mask[largest], pixel)
    grey = resize(cut(scale_to_grey(plane), window), settings.size)
    inside = cv2.resize(cut(outline.astype(np.uint8), window), grey.shape, interpolation=cv2.INTER_NEAREST_EXACT)
    return grey, inside.astype(bool), min(pixel) * window[2] / settings.size


def _draw(study: Study, settings: Preprocess) -> np.ndarray:
    scan = read_scan(study)
    masked, largest = network_input(scan.image, scan.mask, settings, scan.spacing[1:])
    return np.stack([whole_slice(scan.image[largest], settings.size, scan.spacing[1:]), masked[1]])
