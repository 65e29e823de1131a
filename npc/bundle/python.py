"""`npc.load`: a bundle in Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from npc.bundle.cohorts import ONE, of_one
from npc.bundle.predict import predict
from npc.bundle.read import Bundle, open_bundle
from npc.errors import InputError
from npc.names import PREDICTED

Image = str | Path | np.ndarray
Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class Prediction:
    """Of one patient.

    Attributes:
        risk: higher is worse; of `endpoint=cox` a log relative hazard, else a probability.
        group: `low risk` or `high risk`.
        absolute: probability of the event by month 36 and 60, where the model has it.
        warnings: what is unlike the training population; sentences.
        intervals: 95% limits of `absolute`, where the model has them.
        points: of the nomogram, by part and `total points`, of a model of several parts.
    """

    risk: float
    group: str
    absolute: Mapping[int, float]
    warnings: tuple[str, ...]
    intervals: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    points: Mapping[str, float] = field(default_factory=dict)


class Model:
    """A model that was handed over.

    Args:
        path: of the bundle, or the folder of a finished run.

    Attributes:
        bundle: its content.

    Raises:
        InputError: the file is no bundle, of a newer format, or was changed.
    """

    def __init__(self, path: str | Path) -> None:
        self.bundle: Bundle = open_bundle(Path(path))

    def predict(
        self,
        image: Image | Mapping[str, Image],
        mask: Image | Mapping[str, Image],
        clinical: Mapping[str, object] | None = None,
        *,
        spacing: Spacing | None = None,
        rois: Mapping[str, int | str] | None = None,
        same_unit: Sequence[str] = (),
    ) -> Prediction:
        """The risk of one patient.

        Args:
            image: a file or a DICOM folder, or an array (slice, row, column) of any intensity scale, with slices to
                superior, rows to posterior and columns to the patient's left; by sequence where the model reads several
                (all of them, or some if it was trained with `cohort.missing=mask`).
            mask: the outline on it: a file, or an array of the same shape, 0 outside.
            clinical: values of the clinical variables; one that is not given is missing and is filled.
            spacing: mm, (slice, row, column), of arrays.
            rois: of a model of several regions, how the outline names them, such as `{"tumour": 1, "node": 2}`; by
                default as in the training cohort.
            same_unit: clinical variables whose unit is right, however far their values are from those of training.

        Raises:
            InputError: names what can't be used.
        """
        images, masks = (self._by_sequence(given) for given in (image, mask))
        with TemporaryDirectory() as place:
            home = Path(place)
            files, outlines = (
                {name: _file(of, home / f"{name}_{what}.nrrd", spacing, what) for name, of in given.items()}
                for what, given in (("image", images), ("mask", masks))
            )
            cohort = of_one(self.bundle, files, outlines, dict(clinical or {}), rois)
            found = predict(self.bundle, cohort, str(home / "store"), same_unit)
        row = found.table.to_dict("index")[ONE]
        absolute = {month: float(row[f"risk_{month}"]) for month in PREDICTED if f"risk_{month}" in row}
        intervals = {
            month: (float(row[f"risk_{month}_low"]), float(row[f"risk_{month}_high"]))
            for month in absolute
            if f"risk_{month}_low" in row
        }
        points = {str(part): float(value) for part, value in found.points.to_dict("index")[ONE].items()}
        told = tuple(f"{of.variable} {of.value}: {of.warning} ({of.training})" for of in found.warnings.itertuples())
        return Prediction(float(row["risk"]), str(row["group"]), absolute, told, intervals, points)

    def _by_sequence(self, given: Image | Mapping[str, Image]) -> Mapping[str, Image]:
        if isinstance(given, Mapping):
            return given
        sequences = self.bundle.sequences
        if len(sequences) > 1:
            raise InputError(f"image, mask: the model reads {', '.join(sequences)}; give a dictionary by sequence")
        return {(*sequences, "image")[0]: given}


def _file(given: Image, path: Path, spacing: Spacing | None, what: str) -> Path:
    """The file of an image or outline; an array is written to `path`."""
    if not isinstance(given, np.ndarray):
        return Path(given)
    if given.ndim != 3 or spacing is None:
        raise InputError(f"{what}: an array must be (slice, row, column), with spacing=(slice, row, column) in mm")
    written = sitk.GetImageFromArray(given.astype(np.uint8 if what == "mask" else np.float32))
    written.SetSpacing(tuple(map(float, reversed(spacing))))
    sitk.WriteImage(written, str(path))
    return path
