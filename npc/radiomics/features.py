"""Radiomic features of outlined tumours (pyradiomics), on the slices that the networks use.

The values are those of `radiomics.featureextractor.RadiomicsFeatureExtractor.execute` on the whole image; only the part
of the image that the outlines need is computed, and once for all outlines of an image.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from npc.errors import InputError
from npc.imaging.readers import Scan
from npc.imaging.slices import largest_slice, three_slices
from npc.radiomics.filters import Box, filtered, normalized

try:
    import radiomics
    from radiomics.base import RadiomicsFeaturesBase
    from radiomics.firstorder import RadiomicsFirstOrder
    from radiomics.glcm import RadiomicsGLCM
    from radiomics.gldm import RadiomicsGLDM
    from radiomics.glrlm import RadiomicsGLRLM
    from radiomics.glszm import RadiomicsGLSZM
    from radiomics.ngtdm import RadiomicsNGTDM
    from radiomics.shape2D import RadiomicsShape2D

    from npc.radiomics.mesh import Shape
except ImportError as error:
    raise InputError(
        f"radiomic features need pyradiomics 3.0.1, which can't be loaded ({error}); "
        "run make setup in a checkout of npc, which builds it for Python 3.11 to 3.13"
    ) from error

if TYPE_CHECKING:
    from npc.config.method_schema import FeaturesConfig

Values = dict[str, float | None]
MODES = ("max", "three")
MOST_LEVELS = 2000  # grey levels: 52 million counts for 13 directions of co-occurrence
CLASSES: dict[str, type[RadiomicsFeaturesBase]] = {
    "firstorder": RadiomicsFirstOrder,
    "glcm": RadiomicsGLCM,
    "glrlm": RadiomicsGLRLM,
    "glszm": RadiomicsGLSZM,
    "gldm": RadiomicsGLDM,
    "ngtdm": RadiomicsNGTDM,
}

radiomics.setVerbosity(60)  # features that can't be computed are None; the caller reports them


def features(
    scans: Sequence[Scan], settings: "FeaturesConfig", modes: Sequence[str] = MODES
) -> list[dict[str, Values]]:
    """Features of one image within each of its outlines.

    Args:
        scans: the same image with one outline each; the slices are those of the outline.
        settings: `radiomics.features`.
        modes: `max` (the largest slice, with shape2D) and `three` (it and its neighbours as a volume, with shape).

    Returns:
        For each outline and mode the features, with pyradiomics' names; None where a feature is not defined.

    Raises:
        InputError: an outline is a single pixel or a line of pixels; the image has one value only, values that are not
            finite, or too many grey levels.
    """
    image = scans[0].image
    chosen = [{mode: _inside(scan, mode) for mode in modes} for scan in scans]
    if bad := int((~np.isfinite(image)).sum()):
        raise InputError(
            f"the image has {bad} voxels that are not finite (NaN or infinite), which filters would spread; repair it"
        )
    if image.min() == image.max():
        raise InputError("the image has the same value everywhere; give the right image")
    values = normalized(image, settings)
    boxes = [_box(inside) for of in chosen for inside in of.values()]
    results: list[dict[str, Values]] = [{mode: _shape(scan, of[mode], mode, settings) for mode in modes}
                                        for scan, of in zip(scans, chosen, strict=True)]  # fmt: skip
    if settings.slab:
        jobs = [[(scan, of[mode], results[at][mode])] for at, (scan, of) in enumerate(zip(scans, chosen, strict=True))
                for mode in modes]  # fmt: skip
        for job in jobs:
            part = np.flatnonzero(job[0][1].any(axis=(1, 2)))
            slab = slice(int(part[0]), int(part[-1]) + 1)
            box = _box(job[0][1])
            _texture(values[slab], (slice(0, slab.stop - slab.start), *box[1:]), slab.start, job, settings)
    else:
        everything = [(scan, of[mode], results[at][mode]) for at, (scan, of) in
                      enumerate(zip(scans, chosen, strict=True)) for mode in modes]  # fmt: skip
        _texture(values, _hull(boxes), 0, everything, settings)
    return results


def _texture(
    image: np.ndarray, box: Box, first: int, jobs: Sequence[tuple[Scan, np.ndarray, Values]], settings: "FeaturesConfig"
) -> None:
    """Adds the features of every filtered image to the values of each job.

    Args:
        image: normalised; its first slice is slice `first` of the scan.
        box: box of the image around the outlines of all jobs.
        first: index of a slice of the scan.
        jobs: scan, outline on the chosen slices (shape of the whole scan), values.
        settings: `radiomics.features`.
    """
    start = (box[0].start + first, box[1].start, box[2].start)
    choices: dict[str, Any] = (
        {"binCount": settings.bin_count} if settings.bin_count else {"binWidth": settings.bin_width}
    )
    parts = []
    for scan, inside, values in jobs:
        own = _box(inside)
        at = tuple(slice(o.start - s, o.stop - s) for o, s in zip(own, start, strict=True))
        parts.append((scan, at, inside[own], _volume(inside[own].astype(np.uint8), scan), values))
    classes = [(name, CLASSES[name]) for name in settings.classes if name != "shape"]
    with np.errstate(all="ignore"):
        for name, of_box in filtered(image, box, jobs[0][0].spacing, settings):
            for scan, at, inside, mask, values in parts:
                part = of_box[at]
                _check_levels(name, part[inside], settings)
                volume = _volume(part, scan)
                for kind, texture in classes:
                    # a filtered image that can't be computed (LoG on too few slices) has no features
                    computed = texture(volume, mask, **choices).execute() if np.isfinite(part).all() else {}
                    values |= {f"{name}_{kind}_{feature}": _finite(value) for feature, value in computed.items()}


def _check_levels(name: str, values: np.ndarray, settings: "FeaturesConfig") -> None:
    """Limits the grey levels, since texture matrices have a row for each."""
    levels = np.ptp(values) / settings.bin_width if settings.bin_width else 0
    if levels > MOST_LEVELS:
        counted = f"{levels:.0f} grey levels of radiomics.features.bin_width={settings.bin_width:g}"
        raise InputError(f"the image {name} has {counted}, more than {MOST_LEVELS}; give a wider one, or bin_count")


def _shape(scan: Scan, inside: np.ndarray, mode: str, settings: "FeaturesConfig") -> Values:
    """Shape features in the outline's box, as pyradiomics does: its mesh depends on the box if voxels meet at edges."""
    if "shape" not in settings.classes:
        return {}
    mask = _volume(inside[_box(inside)].astype(np.uint8), scan)
    kind, shape = ("shape2D", RadiomicsShape2D) if mode == "max" else ("shape", Shape)
    with np.errstate(all="ignore"):
        computed: Mapping[str, Any] = shape(mask, mask, force2D=mode == "max").execute()
    return {f"original_{kind}_{name}": _finite(value) for name, value in computed.items()}


def _inside(scan: Scan, mode: str) -> np.ndarray:
    """The outline on the slices of a mode, with the shape of the whole volume."""
    if mode not in MODES:
        raise InputError(f"slices={mode}: must be one of {', '.join(MODES)}")
    chosen = [largest_slice(scan.mask)] if mode == "max" else sorted(set(three_slices(scan.mask)))
    inside = np.zeros_like(scan.mask)
    inside[chosen] = scan.mask[chosen]
    size = [part.stop - part.start for part in _box(inside)]
    if sum(side > 1 for side in size) < 2:
        what = "a single pixel" if max(size) == 1 else f"a line of {max(size)} pixels"
        raise InputError(f"the outline on the {'largest slice' if mode == 'max' else 'three slices'} is {what}, which "
                         "has no texture; check the outline")  # fmt: skip
    return inside


def _box(inside: np.ndarray) -> Box:
    spans = [np.flatnonzero(inside.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    z, y, x = (slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    return z, y, x


def _hull(boxes: Sequence[Box]) -> Box:
    z, y, x = (slice(min(p.start for p in parts), max(p.stop for p in parts)) for parts in zip(*boxes, strict=True))
    return z, y, x


def _volume(array: np.ndarray, scan: Scan) -> sitk.Image:
    volume = sitk.GetImageFromArray(array)
    volume.SetSpacing(scan.spacing[::-1])
    return volume


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
