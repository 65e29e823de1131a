"""Every study of a cohort read once: its grid and how it was acquired, or what is wrong with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from npc.cohort.cohort import Cohort
from npc.cohort.studies import Study
from npc.imaging.acquisition import Acquisition, read_acquisition
from npc.imaging.content import repeated_images, voxels_hash
from npc.imaging.contrast import check_contrast
from npc.imaging.read_all import located, read_all
from npc.imaging.readers import read_scan

Grid = tuple[tuple[int, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Survey:
    """What the images of a cohort are like.

    Attributes:
        grids: for each sequence, the most common first: `{"size": (slices, rows, columns), "spacing": mm in that
            order, "images": count, "by_index": count of outlines whose header gives them no position}`.
        faults: of all studies; sentences.
        acquisitions: sequence and acquisition of each study without fault.
        notes: what was noticed in the files of these; sentences.
    """

    grids: dict[str, list[dict[str, Any]]]
    faults: list[str] = field(default_factory=list)
    acquisitions: list[tuple[str, Acquisition]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def survey(cohort: Cohort, sequences: Sequence[str]) -> Survey:
    """Reads every study once.

    An image that two patients share is a fault, too.

    Args:
        cohort: absent images are skipped.
        sequences: those to read.
    """
    counts: dict[str, Counter[Grid]] = {sequence: Counter() for sequence in sequences}
    by_index: dict[str, Counter[Grid]] = {sequence: Counter() for sequence in sequences}
    found = Survey({})
    hashes: list[tuple[Study, str]] = []
    # a patient may lack one of the regions that the cohort declares
    studies = [replace(one, may_lack=bool(one.rois)) for sequence in sequences for one in cohort.studies(sequence)]
    for study, (grid, laid_by_index, notes, acquisition, content) in read_all(
        studies, _look_at, "Reading images", found.faults
    ):
        counts[study.sequence][grid] += 1
        by_index[study.sequence][grid] += laid_by_index
        found.acquisitions.append((study.sequence, acquisition))
        found.notes.extend(located(study, note) for note in notes)
        hashes.append((study, content))
    found.faults.extend(repeated_images(hashes))
    for sequence, count in counts.items():
        found.grids[sequence] = [
            {"size": list(grid[0]), "spacing": list(grid[1]), "images": n, "by_index": by_index[sequence][grid]}
            for grid, n in count.most_common()
        ]
    return found


def _look_at(study: Study) -> tuple[Grid, bool, Sequence[str], Acquisition, str]:
    scan = read_scan(study)
    check_contrast(scan, study.image)
    grid = scan.image.shape, tuple(round(step, 2) for step in scan.spacing)
    return grid, scan.by_index, scan.notes, read_acquisition(study.image, scan), voxels_hash(scan.image)
