"""The checked cohort: what everything after the disk works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd

from npc.cohort import cell
from npc.cohort.studies import Label, Study, image_column, outline_column, roi_column
from npc.cohort.truth import Truth
from npc.config.regions import named_regions
from npc.names import FIRST_READER, TUMOUR


@dataclass(frozen=True)
class Cohort:
    """Patients with their outcome and the paths of their images.

    Attributes:
        name: as in `runs/<name>/`.
        root: the folder that the paths in `patients` are relative to.
        patients: one row a patient, indexed by `patient_id`, sorted by it; the columns of the cohort folder
            (docs/cohort.md): `centre`, clinical variables, `<endpoint>_months`, `<endpoint>_event`, `S_image`,
            `S_mask`; an absent image is missing (NA).
        sequences: the sequences that the cohort may have, in the order in which `both` joins them.
        label: value of the outlines in a label map or segmentation, or several; of a region that `rois` declares by
            name that name; None where each has one.
        roi: name of the outlines in an RTSTRUCT or segmentation, by sequence; without it the only one. `S_roi` of
            `patients` goes before it.
        by_index: whether an outline whose header gives it no position is laid on its image voxel by voxel.
        control: the negative control that a method sees instead of the images (`npc.imaging.control_images`); None for
            the images themselves.
        region: what a method sees of the outlines: the tumour in them, or a ring around it.
        rois: the regions that the cohort declares: by name their value in label maps and segmentations, or the name of
            their ROI or segment.
        regions: the names of those that a method sees; slices are chosen by the first, whose value is `label`.
        sliced_by: value or name of that region, where `label` is that of another one.
        exclusions: `patient_id`, `centre` and `reason` of every patient who was left out, in the order of the steps:
            by hand, by criterion, for a missing sequence.
        lacking: patients of the study who were left out for a missing sequence, with the columns of `patients`. The
            split is drawn over them, too, so that no patient changes sides with the sequences of a run.
        truth: of synthetic patients; None where they are real.
        warnings: what the table has that is unlikely but may be right; sentences.
        read: which table was read, and how (`npc.cohort.raw_table`); empty where the source does not tell.
        checked: a hash of the table and of the rules that it keeps (`npc.cohort.schema.check`).
    """

    name: str
    root: Path
    patients: pd.DataFrame
    sequences: tuple[str, ...]
    label: Label = field(default=None, kw_only=True)
    roi: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    by_index: bool = field(default=False, kw_only=True)
    control: str | None = field(default=None, kw_only=True)
    region: str = field(default=TUMOUR, kw_only=True)
    rois: Mapping[str, int | str] = field(default_factory=dict, kw_only=True)
    regions: tuple[str, ...] = field(default=(), kw_only=True)
    sliced_by: Label = field(default=None, kw_only=True)
    exclusions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["patient_id", "centre", "reason"]))
    lacking: pd.DataFrame = field(default_factory=pd.DataFrame, kw_only=True)
    truth: Truth | None = field(default=None, kw_only=True)
    warnings: Sequence[str] = field(default=(), kw_only=True)
    read: str = field(default="", kw_only=True)
    checked: str = field(default="", kw_only=True)

    def reading(self, sequence: str) -> list[Any]:
        """What decides, beside the files, on the images and outlines that a method sees; for hashes of stores."""
        # stores of the images themselves, and of tumours, keep their names
        altered = [self.control] if self.control else []
        region = [self.region] if self.region != TUMOUR else []
        slices = [] if self.sliced_by is None else ["sliced by", self.sliced_by]
        return [self.label, self.roi.get(sequence), self.by_index, *altered, *region, *slices]

    def of_region(self, region: str) -> Self:
        """The cohort whose methods see this region (`region` of `train.py`, checked).

        Where the cohort declares regions, these are names of them, and its outlines are those of the first.
        """
        if not self.rois:
            return replace(self, region=region)
        names = tuple(named_regions(region))
        return replace(self, regions=names, label=self.rois[names[0]])

    def studies(self, sequence: str, readers: Sequence[str] = (FIRST_READER,)) -> list[Study]:
        """The files of the patients who have the sequence, in the order of `patients`, with absolute paths.

        Args:
            sequence: its name.
            readers: whose outlines; a reader who did not outline a patient is not among that study's outlines.
        """
        # Resolved, since the slice store remembers a file under the path that it was given.
        root, image = self.root.resolve(), image_column(sequence)
        if image not in self.patients:
            return []
        columns = {reader: outline_column(sequence, reader) for reader in readers}
        return [
            Study(
                str(patient),
                sequence,
                root / row[image],
                {reader: root / row[name] for reader, name in columns.items() if pd.notna(row.get(name))},
                self.label,
                own or self.roi.get(sequence),
                self.by_index,
                self.control,
                self.region,
                own is not None,
                self.rois,
                self.sliced_by,
                may_lack=self.sliced_by is not None,
            )
            for patient, row in self.patients.dropna(subset=image).iterrows()
            for own in [_own_roi(row, sequence)]
        ]


def _own_roi(row: pd.Series, sequence: str) -> str | None:
    """The ROI that the table names for a patient; None where it names none."""
    named = row.get(roi_column(sequence))
    return None if pd.isna(named) else cell.text(named)
