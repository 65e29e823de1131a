"""What a method sees of a patient, as small images: the anatomy with the outline on it, and the network's input."""

from dataclasses import dataclass

import cv2
import numpy as np

from npc.cohort.studies import Study
from npc.imaging.acquisition import Acquisition, read_acquisition
from npc.imaging.content import voxels_hash
from npc.imaging.contrast import check_contrast
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import cut, network_input, resize, scale_to_grey, square_pixels, square_window
from npc.imaging.readers import Scan, read_scan
from npc.imaging.size import OutlineSize, outline_size
from npc.imaging.slices import spread_slices, three_slices

# A reader can judge an outline at this quality, and a page of 233 patients stays small; WebP takes ten times as long.
_QUALITY = 65
_WINDOW = (0.5, 99.5)  # percentiles shown as black and white: single bright voxels would darken all others
_OUTLINE = (0, 190, 255)  # blue, green, red


@dataclass(frozen=True)
class Thumbnail:
    """One slice.

    Attributes:
        number: of the slice, the lowest is 1.
        anatomy: the whole slice with the outline on it, JPEG.
        given: the network's input, JPEG.
    """

    number: int
    anatomy: bytes
    given: bytes


@dataclass(frozen=True)
class StudyView:
    """What a page shows of a study.

    Attributes:
        thumbnails: of the slices that the network sees.
        size: of the outline.
        outlined: number of slices with an outline.
        grid: voxels (slice, row, column).
        spacing: mm, in the same order.
        levels: number of different values of the image inside the outline, on its largest slice.
        pixels: number of pixels of the outline on that slice.
        input_pixels: number of pixels that are not 0 in the network's input of that slice.
        at_edge: whether the outline touches the edge of a slice.
        at_end: whether it is in the first or last slice.
        content: hash of the image's voxels.
        notes: what was noticed in the files.
        acquisition: how the image was made.
    """

    thumbnails: list[Thumbnail]
    size: OutlineSize
    outlined: int
    grid: tuple[int, ...]
    spacing: tuple[float, float, float]
    levels: int
    pixels: int
    input_pixels: int
    at_edge: bool
    at_end: bool
    content: str
    notes: tuple[str, ...]
    acquisition: Acquisition


def view_study(study: Study, settings: Preprocess, slices: str, size: int) -> StudyView:
    """Reads a study and draws its slices.

    Args:
        study: image and outline.
        settings: of the network's input.
        slices: max, three or all.
        size: pixels along a side of a thumbnail.

    Raises:
        InputError: faults of image or outline, the same as in a run.
    """
    scan = read_scan(study)
    check_contrast(scan, study.image)
    mask, pixel = scan.mask, scan.spacing[1:]
    planes, largest = network_input(scan.image, mask, settings, pixel)
    numbers = spread_slices(mask, settings.slices) if settings.slices else list(three_slices(mask))
    pairs = list(zip(numbers, planes, strict=False))
    middle = next(plane for number, plane in pairs if number == largest) if slices == "all" else planes[1]
    if slices == "max":
        pairs = [(largest, middle)]
    return StudyView(
        thumbnails=[
            Thumbnail(z + 1, _jpeg(_anatomy(scan, z, size)), _jpeg(resize(plane, min(size, len(plane)))))
            for z, plane in pairs
        ],
        size=outline_size(mask, scan.spacing),
        outlined=int(mask.any(axis=(1, 2)).sum()),
        grid=mask.shape,
        spacing=scan.spacing,
        levels=len(np.unique(scan.image[largest][mask[largest]])),
        pixels=int(mask[largest].sum()),
        input_pixels=int(np.count_nonzero(middle)),
        at_edge=bool(mask[:, [0, -1]].any() or mask[:, :, [0, -1]].any()),
        at_end=bool(mask[[0, -1]].any()),
        content=voxels_hash(scan.image),
        notes=scan.notes,
        acquisition=read_acquisition(study.image, scan),
    )


def _anatomy(scan: Scan, z: int, size: int) -> np.ndarray:
    """A whole slice, padded to a square, with the outline's edge in colour; uint8 (size, size, 3)."""
    plane, inside = square_pixels(scan.image[z], scan.mask[z], scan.spacing[1:])
    finite = plane[np.isfinite(plane)]
    low, high = np.percentile(finite, _WINDOW) if finite.size else (0.0, 0.0)
    plane = np.clip(np.nan_to_num(plane, nan=low, posinf=high, neginf=low), low, high)
    window = square_window(np.ones(plane.shape, bool), Preprocess(size))
    # an outline is seen against its surroundings, so a slice of one value is black
    grey = scale_to_grey(plane) if low < high else np.zeros(plane.shape, np.uint8)
    shown = cv2.cvtColor(resize(cut(grey, window), size), cv2.COLOR_GRAY2BGR)
    drawn = cv2.resize(cut(inside.astype(np.uint8), window), (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    edges, _ = cv2.findContours(drawn, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(shown, edges, -1, _OUTLINE, 1)


def _jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
