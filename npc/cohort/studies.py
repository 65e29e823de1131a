"""A patient's files: the image of one sequence, its outlines, and how they are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from npc.names import FIRST_READER, TUMOUR

Label = int | tuple[int, ...] | str | None


def image_column(sequence: str) -> str:
    """The column of a cohort's table with the path of the sequence's image."""
    return f"{sequence}_image"


def outline_column(sequence: str, reader: str = FIRST_READER) -> str:
    """The column of a cohort's table with the path of a reader's outline on the sequence's image."""
    return f"{sequence}_mask" if reader == FIRST_READER else f"{sequence}_mask_{reader}"


def roi_column(sequence: str) -> str:
    """The column of a cohort's table with the name of the patient's ROI, where it differs between patients."""
    return f"{sequence}_roi"


@dataclass(frozen=True)
class Study:
    """The files of one sequence of a patient.

    Attributes:
        patient: the patient's id.
        sequence: name of the sequence.
        image: NIfTI, NRRD or MetaImage file, or the folder of a DICOM series.
        outlines: the same, or an RTSTRUCT or DICOM segmentation (the file, or a folder that holds one), by reader.
        label: value of the outlines in a label map or DICOM segmentation, or several, which are merged; of a region
            that `rois` declares by name that name; None where there is one.
        roi: name of the outlines in an RTSTRUCT or DICOM segmentation, or a pattern such as `GTV*`; None where there
            is one.
        has_own_roi: whether `roi` is that of the patient alone.
        by_index: lay a label map whose header gives it no position on the image voxel by voxel, if the sizes agree.
        control: the negative control that a method sees instead of the image; None for the image itself.
        region: what the outlines mean to a method: the tumour in them, or a ring around it (`npc.imaging.region`).
        rois: the regions that the cohort declares: by name their value in a label map or DICOM segmentation, or the
            name of their ROI or segment, or a pattern of it; `label` is one of them.
        sliced_by: the same of the region by which slices are chosen instead of `label`, which a patient may then lack.
        may_lack: whether an outline without `label` is read as empty.
    """

    patient: str
    sequence: str
    image: Path
    outlines: Mapping[str, Path]
    label: Label = None
    roi: str | None = None
    by_index: bool = False
    control: str | None = None
    region: str = TUMOUR
    has_own_roi: bool = False
    rois: Mapping[str, int | str] = field(default_factory=dict)
    sliced_by: Label = None
    may_lack: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The image, then the outlines."""
        return self.image, *self.outlines.values()

    def by(self, *readers: str) -> Self:
        """The study with the outlines of these readers alone."""
        return replace(self, outlines={reader: self.outlines[reader] for reader in readers})

    def located(self, fault: str) -> str:
        """The fault with the place where it lies, unless it names one of the files already.

        The place is the outline; where there are several it is the patient.
        """
        if any(str(file) in fault for file in self.files):
            return fault
        places = list(self.outlines.values())
        return f"{places[0] if len(places) == 1 else f'patient {self.patient} ({self.sequence})'}: {fault}"
