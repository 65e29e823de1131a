"""Every study of a cohort read once: its grid and how it was acquired, or what is wrong with it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from rich.progress import track

from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.imaging.acquisition import Acquisition, read_acquisition
from npc.imaging.readers import read_study

Grid = tuple[tuple[int, ...], tuple[float, ...]]


def survey(
    cohort: Cohort, sequences: Sequence[str], label: int | None, roi: dict[str, str]
) -> tuple[dict[str, list[dict[str, Any]]], list[str], list[tuple[str, Acquisition]]]:
    """Grids by sequence, the most common first, the faults of all studies, and how the others were acquired.

    Args:
        cohort: absent images are passed over.
        sequences: those to read.
        label: value of the outline in a mask; None for any non-zero.
        roi: name of the outline in an RTSTRUCT, by sequence.

    Returns:
        for each sequence `{"size": (slices, rows, columns), "spacing": mm in that order, "images": count, "by_index":
        count of outlines that their header places nowhere}`, one sentence a fault, and sequence and acquisition of each
        sound study.
    """
    studies = [
        (sequence, cohort.root / row[f"{sequence}_image"], cohort.root / row[f"{sequence}_mask"])
        for sequence in sequences
        if f"{sequence}_image" in cohort.patients
        for _, row in cohort.patients.dropna(subset=f"{sequence}_image").iterrows()
    ]
    work = Parallel(n_jobs=-1, return_as="generator", mmap_mode=None)(
        delayed(_read)(image, mask, label, roi.get(sequence), cohort.by_index) for sequence, image, mask in studies
    )
    counts: dict[str, Counter[Grid]] = {sequence: Counter() for sequence in sequences}
    by_index: dict[str, Counter[Grid]] = {sequence: Counter() for sequence in sequences}
    faults: list[str] = []
    acquisitions: list[tuple[str, Acquisition]] = []
    for (sequence, *_), found in zip(studies, track(work, "Reading images", len(studies), transient=True), strict=True):
        if isinstance(found, InputError):
            faults += found.faults
        else:
            grid, laid, acquisition = found
            counts[sequence][grid] += 1
            by_index[sequence][grid] += laid
            acquisitions.append((sequence, acquisition))
    grids = {
        sequence: [
            {"size": list(grid[0]), "spacing": list(grid[1]), "images": n, "by_index": by_index[sequence][grid]}
            for grid, n in count.most_common()
        ]
        for sequence, count in counts.items()
    }
    return grids, faults, acquisitions


def _read(
    image: Path, mask: Path, label: int | None, roi: str | None, by_index: bool
) -> tuple[Grid, bool, Acquisition] | InputError:
    """Runs in a worker process; a fault comes back as a value so that all are told at once."""
    try:
        study = read_study(image, mask, label=label, roi=roi, by_index=by_index)
    except InputError as error:
        return error
    grid = study.image.shape, tuple(round(step, 2) for step in study.spacing)
    return grid, study.by_index, read_acquisition(image, study)
