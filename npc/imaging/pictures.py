"""The largest slice of each study as two pictures: whole, and as the network sees it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from rich.progress import track

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.imaging.preprocess import Preprocess, cut, network_input, resize, scale_to_grey, square_pixels, square_window
from npc.imaging.readers import read_study

READINGS = ("unmasked", "masked")


def read_pictures(
    cohort: Cohort, sequences: Sequence[str], settings: Preprocess, label: int | None, roi: Mapping[str, str]
) -> dict[str, dict[str, np.ndarray]]:
    """Both pictures of every patient who has a sequence; each study is read once.

    Args:
        cohort: absent images are passed over.
        sequences: those to read.
        settings: of the network's input; the whole picture takes its size alone.
        label: value of the outline in a mask; None for any non-zero.
        roi: name of the outline in an RTSTRUCT, by sequence.

    Returns:
        by sequence and patient, sorted, uint8 (2, size, size): the picture `READINGS` say.

    Raises:
        InputError: faults of the images, of all patients and sequences at once.
    """
    studies = [
        (sequence, str(patient), cohort.root / row[f"{sequence}_image"], cohort.root / row[f"{sequence}_mask"])
        for sequence in sequences
        if f"{sequence}_image" in cohort.patients
        for patient, row in cohort.patients.dropna(subset=f"{sequence}_image").iterrows()
    ]
    work = Parallel(n_jobs=-1, return_as="generator", mmap_mode=None)(
        delayed(_read)(image, mask, settings, label, roi.get(sequence), cohort.by_index)
        for sequence, _, image, mask in studies
    )
    pictures: dict[str, dict[str, np.ndarray]] = {sequence: {} for sequence in sequences}
    faults: list[str] = []
    read = track(work, "Reading images", len(studies), transient=True)
    for (sequence, patient, *_), found in zip(studies, read, strict=True):
        if isinstance(found, InputError):
            faults += found.faults
        else:
            pictures[sequence][patient] = found
    if faults:
        raise InputError(faults, f"{len(faults)} of {len(studies)} studies cannot be used")
    return pictures


def whole_picture(plane: np.ndarray, size: int, pixel: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    """A whole slice scaled to 0-255 by its own minimum and maximum; a slice that is not square is padded with 0.

    Args:
        plane: (row, column); what is not finite becomes the minimum.
        size: pixels along a side of the picture.
        pixel: mm from row to row and from column to column.

    Returns:
        uint8 (size, size).
    """
    finite = np.isfinite(plane)
    plane = np.where(finite, plane, plane[finite].min())
    everything = np.ones(plane.shape, bool)
    plane, everything = square_pixels(plane, everything, pixel)
    return resize(cut(scale_to_grey(plane), square_window(everything, Preprocess(size))), size)


def _read(
    image: Path, mask: Path, settings: Preprocess, label: int | None, roi: str | None, by_index: bool
) -> np.ndarray | InputError:
    """Runs in a worker process; a fault comes back as a value so that all are told at once."""
    try:
        study = read_study(image, mask, label=label, roi=roi, by_index=by_index)
        masked, largest = network_input(study.image, study.mask, settings, study.spacing[1:])
    except InputError as error:
        return InputError([fault if str(mask) in fault or str(image) in fault else f"{mask}: {fault}"
                           for fault in error.faults])  # fmt: skip
    return np.stack([whole_picture(study.image[largest], settings.size, study.spacing[1:]), masked[1]])
