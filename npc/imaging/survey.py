"""Every study of a cohort read once: its grid and how it was acquired, or what is wrong with it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.imaging.acquisition import Acquisition, read_acquisition
from npc.imaging.content import repeated_images, voxels_hash
from npc.imaging.contrast import check_contrast
from npc.imaging.read_all import read_all
from npc.imaging.readers import read_scan

Grid = tuple[tuple[int, ...], tuple[float, ...]]


def survey(
    cohort: Cohort, sequences: Sequence[str]
) -> tuple[dict[str, list[dict[str, Any]]], list[str], list[tuple[str, Acquisition]]]:
    """Grids by sequence, the most common first, the faults of all studies, and how the others were acquired.

    An image that two patients share is a fault, too.

    Args:
        cohort: absent images are passed over.
        sequences: those to read.

    Returns:
        for each sequence `{"size": (slices, rows, columns), "spacing": mm in that order, "images": count, "by_index":
        count of outlines whose header gives them no position}`, one sentence a fault, and sequence and acquisition of
        each study without fault.
    """
    counts: dict[str, Counter[Grid]] = {sequence: Counter() for sequence in sequences}
    by_index: dict[str, Counter[Grid]] = {sequence: Counter() for sequence in sequences}
    faults: list[str] = []
    acquisitions: list[tuple[str, Acquisition]] = []
    hashes: list[tuple[Study, str]] = []
    studies = [study for sequence in sequences for study in cohort.studies(sequence)]
    for study, (grid, laid_by_index, acquisition, content) in read_all(studies, _look_at, "Reading images", faults):
        counts[study.sequence][grid] += 1
        by_index[study.sequence][grid] += laid_by_index
        acquisitions.append((study.sequence, acquisition))
        hashes.append((study, content))
    faults += repeated_images(hashes)
    grids = {
        sequence: [
            {"size": list(grid[0]), "spacing": list(grid[1]), "images": n, "by_index": by_index[sequence][grid]}
            for grid, n in count.most_common()
        ]
        for sequence, count in counts.items()
    }
    return grids, faults, acquisitions


def _look_at(study: Study) -> tuple[Grid, bool, Acquisition, str]:
    scan = read_scan(study)
    check_contrast(scan, study.image)
    grid = scan.image.shape, tuple(round(step, 2) for step in scan.spacing)
    return grid, scan.by_index, read_acquisition(study.image, scan), voxels_hash(scan.image)
