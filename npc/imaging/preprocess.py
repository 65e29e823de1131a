"""The paper's preprocessing: from a study to the input of the network.

Zhang et al., JMRI 2020, "MR Image Segmentation and Preprocessing": voxels outside the outline are set to 0, intensities
scaled to 0-255 (NumPy), and the histogram equalised (OpenCV). Each slice is processed separately, so that `slices=max`
is the middle channel of `slices=three`.
"""

import cv2
import numpy as np

from npc.errors import InputError
from npc.imaging.input_settings import Preprocess
from npc.imaging.slices import largest_slice, spread_slices, three_slices


def network_input(
    image: np.ndarray,
    mask: np.ndarray,
    settings: Preprocess,
    pixel: tuple[float, float] = (1.0, 1.0),
    sliced_by: np.ndarray | None = None,
) -> tuple[np.ndarray, int]:
    """The slices of a study as the input of the network.

    Args:
        image: (slice, row, column), axial, any intensity scale.
        mask: bool, same shape, not empty.
        settings: of the input.
        pixel: mm from row to row and from column to column; where they differ by more than 1%, as in the axial
            slices of a coronal series, the slices are resampled to square pixels of the smaller one.
        sliced_by: bool, same shape, not empty: another region, by which slices and window are chosen. `mask` may then
            be empty, and the slices without it are 0.

    Returns:
        uint8 (planes, size, size) and the index of the largest slice. It is the middle one of three; with
        `settings.slices` the slices of the outline are in order, and the planes that they do not fill are 0.

    Raises:
        InputError: the outline is so small that no pixel of it is left at this size.
    """
    of = mask if sliced_by is None else sliced_by
    largest = largest_slice(of)
    chosen = spread_slices(of, settings.slices) if settings.slices else three_slices(of)
    shown = np.max(of if settings.slices else of[[largest]], axis=0)
    window = square_window(square_pixels(image[largest], shown, pixel)[1], settings, min(pixel))
    slices = np.zeros((settings.planes, settings.size, settings.size), np.uint8)
    for plane, z in zip(slices, chosen, strict=False):
        plane[:] = _prepare(*square_pixels(image[z], mask[z], pixel), window, settings)
    if sliced_by is None and not (slices if settings.slices else slices[1]).any():
        raise InputError(f"no pixel of the outline is left at preprocess.size={settings.size}; choose a larger size")
    return slices, largest


def scale_to_grey(values: np.ndarray) -> np.ndarray:
    """A tumour's intensities scaled linearly to 0-255, uint8; a tumour of one intensity becomes 255, not background."""
    values = values.astype(np.float64)
    low, high = values.min(), values.max()
    if low == high:
        return np.full(values.shape, 255, np.uint8)
    return np.rint((values - low) * (255 / (high - low))).astype(np.uint8)


def equalise(values: np.ndarray) -> np.ndarray:
    """Histogram equalisation (OpenCV) of the tumour's pixels only: the zero background must not be counted.

    Args:
        values: uint8 (pixels,).
    """
    return cv2.equalizeHist(values.reshape(-1, 1)).ravel()


def square_window(mask: np.ndarray, settings: Preprocess, pixel: float = 1.0) -> tuple[int, int, int]:
    """Top row, left column and side of the square window of a slice; it may extend beyond the slice.

    A slice that is not square is padded, not stretched.

    Args:
        mask: bool (row, column) of the largest slice.
        settings: `crop`, `margin` and `window` are used.
        pixel: side of a pixel, mm.
    """
    if settings.crop == "none":
        top, left, height, width = 0, 0, *mask.shape
        side = max(height, width)
    else:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        top, left = int(rows[0]), int(columns[0])
        height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
        longer = max(height, width)
        side = (
            max(round(settings.window / pixel), 1) if settings.window else longer + 2 * round(settings.margin * longer)
        )
    return top - (side - height) // 2, left - (side - width) // 2, side


def square_pixels(image: np.ndarray, mask: np.ndarray, pixel: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A slice and its outline resampled to square pixels; unchanged where the pixels are square."""
    finer = min(pixel)
    if max(pixel) / finer <= 1.01:
        return image, mask
    # Rounded to thousandths: at half a pixel, as with 3 rows of 1.5 mm, noise in the header would decide.
    rows, columns = (round(n * round(step / finer, 3)) for n, step in zip(image.shape, pixel, strict=True))
    image = cv2.resize(image.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    inside = cv2.resize(mask.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST_EXACT)
    return image, inside.astype(bool)


def _prepare(image: np.ndarray, mask: np.ndarray, window: tuple[int, int, int], settings: Preprocess) -> np.ndarray:
    """One slice masked, scaled, equalised, cut and resized; uint8 (size, size). All 0 in a slice without outline."""
    grey: np.ndarray = np.zeros(image.shape, np.uint8)
    if mask.any():
        tumour = scale_to_grey(image[mask])
        grey[mask] = equalise(tumour) if settings.equalise else tumour
    grey, inside = cut(grey, window), cut(mask.astype(np.uint8), window)
    if window[2] == settings.size:
        return grey
    grey = resize(grey, settings.size)
    # Both interpolations blur the tumour's edge; the exact variant keeps the outline centred.
    inside = cv2.resize(inside, grey.shape, interpolation=cv2.INTER_NEAREST_EXACT)
    grey[inside == 0] = 0
    return grey


def resize(grey: np.ndarray, size: int) -> np.ndarray:
    """A square image resized; unchanged if it has this size."""
    if len(grey) == size:
        return grey
    return cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA if size < len(grey) else cv2.INTER_CUBIC)


def cut(plane: np.ndarray, window: tuple[int, int, int]) -> np.ndarray:
    """The window of a slice, 0 where it extends beyond the slice."""
    top, left, side = window
    out = np.zeros((side, side), plane.dtype)
    part = plane[max(top, 0) : top + side, max(left, 0) : left + side]
    row, column = max(-top, 0), max(-left, 0)
    out[row : row + part.shape[0], column : column + part.shape[1]] = part
    return out
