"""Shape and first-order features of an outlined tumour (pyradiomics), on the slices that the networks see."""

import math

import numpy as np
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.readers import Study
from npc.imaging.slices import largest_slice, three_slices

try:
    import radiomics
    from radiomics.firstorder import RadiomicsFirstOrder
    from radiomics.shape import RadiomicsShape
    from radiomics.shape2D import RadiomicsShape2D
except ImportError as error:
    raise InputError(
        f"pyradiomics 3.0.1 can't be loaded ({error}); it builds on Python 3.11 alone: make the environment with that"
    ) from error

# Grey levels of entropy and uniformity: a fixed number, since the units of MR are the scanner's own. Between the 30 and
# 130 that pyradiomics' documentation reports as reproducible.
BINS = 32

radiomics.setVerbosity(60)  # what can't be computed comes back as None, and is told by whoever asked


def features(study: Study, slices: str) -> dict[str, float | None]:
    """Features of the original image, named as pyradiomics names them; None where one is not defined.

    Args:
        study: image and outline; the slices are those of this outline.
        slices: `max` (shape2D and first-order on the largest slice) or `three` (shape and first-order on it and its
            neighbours).

    Raises:
        InputError: `slices` is neither.
    """
    if slices not in ("max", "three"):
        raise InputError(f"slices={slices}: must be one of max, three")
    chosen = [largest_slice(study.mask)] if slices == "max" else sorted(set(three_slices(study.mask)))
    image, mask = _cropped(study, chosen)
    shape = RadiomicsShape2D(image, mask, force2D=True) if slices == "max" else RadiomicsShape(image, mask)
    found: dict[str, float | None] = {}
    with np.errstate(all="ignore"):
        for kind, of in (("shape2D" if slices == "max" else "shape", shape),
                         ("firstorder", RadiomicsFirstOrder(image, mask, binCount=BINS))):  # fmt: skip
            for name, value in of.execute().items():
                found[f"original_{kind}_{name}"] = float(value) if math.isfinite(value) else None
    return found


def _cropped(study: Study, chosen: list[int]) -> tuple[sitk.Image, sitk.Image]:
    """Image and outline of these slices, cut to the outline's box as pyradiomics' own extractor does.

    More than speed: its mesh has gaps where voxels meet at an edge, and its volume then depends on the origin.
    """
    inside = study.mask[chosen]
    box = tuple(slice(axis.min(), axis.max() + 1) for axis in np.nonzero(inside))
    image = sitk.GetImageFromArray(study.image[chosen][box])
    mask = sitk.GetImageFromArray(inside[box].astype(np.uint8))
    for volume in (image, mask):
        volume.SetSpacing(study.spacing[::-1])
    return image, mask
