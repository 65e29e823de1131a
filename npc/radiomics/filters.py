"""Filtered images around the tumour, equal to those that pyradiomics computes for the whole image.

Filters act on the whole volume, and the outline selects the slices: a slice that is filtered alone has no detail across
slices, so every wavelet band with an H in that direction would be rounding noise. Only the box around the outlines is
computed; mean, standard deviation and maximum are those of the whole image.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pywt
import SimpleITK as sitk

if TYPE_CHECKING:
    from npc.config.method_schema import FeaturesConfig

Box = tuple[slice, slice, slice]


def normalized(image: np.ndarray, settings: "FeaturesConfig") -> np.ndarray:
    """The image in units of its own standard deviation, times a scale, if the settings ask for it.

    In the same steps as `sitk.Normalize`, which pyradiomics uses, so that a voxel at the edge of a bin is assigned to
    the same bin.

    Args:
        image: (slice, row, column), finite.
        settings: `normalize`, `scale`, `outliers`.

    Returns:
        The same shape, float64; float32, as in pyradiomics, for an image neither normalised nor of whole numbers.
    """
    values = image.astype(np.float64)
    if not settings.normalize:
        return values if (image == np.round(image)).all() else image.astype(np.float32)
    volume = sitk.GetImageFromArray(values)
    statistics = sitk.StatisticsImageFilter()
    statistics.SetNumberOfWorkUnits(1)  # several work units add up in random order, which changes the last digit
    statistics.Execute(volume)
    values = sitk.GetArrayFromImage(sitk.ShiftScale(volume, -statistics.GetMean(), 1 / statistics.GetSigma()))
    if settings.outliers is not None:
        values = np.clip(values, -settings.outliers, settings.outliers)
    return values * settings.scale


def filtered(
    image: np.ndarray, box: Box, spacing: Sequence[float], settings: "FeaturesConfig"
) -> Iterator[tuple[str, np.ndarray]]:
    """Each filtered image within the box, with pyradiomics' name (`wavelet-HHL`).

    Args:
        image: the whole normalised image, (slice, row, column).
        box: the part to return.
        spacing: mm, (slice, row, column).
        settings: `filters`, `wavelet`, `sigma`.

    Yields:
        Name and values, (slice, row, column) of the box.
    """
    part = image[box].astype(np.float64)
    largest = max(float(image.max()), -float(image.min()))
    for name in settings.filters:
        match name:
            case "original":
                yield name, image[box]
            case "square":
                yield name, (1 / np.sqrt(largest) * part) ** 2
            case "squareroot":
                yield name, np.sign(part) * np.sqrt(np.abs(part) * largest)
            case "logarithm":
                yield name, np.sign(part) * np.log(np.abs(part) + 1) * (largest / np.log(largest + 1))
            case "exponential":
                yield name, np.exp(np.log(largest) / largest * part)
            case "wavelet":
                yield from _wavelet(image, box, settings.wavelet)
            case "log":
                yield from _laplacian_of_gaussian(image, box, spacing, settings.sigma)


def _wavelet(image: np.ndarray, box: Box, wavelet: str) -> Iterator[tuple[str, np.ndarray]]:
    """The eight bands of one level of the stationary wavelet transform, with periodic extension at the borders.

    pyradiomics makes axes of odd length even by repeating the first slice, row or column at the end.
    """
    reach = pywt.Wavelet(wavelet).dec_len
    around, inner = zip(*(_around(part, size, reach) for part, size in zip(box, image.shape, strict=True)), strict=True)
    bands = pywt.swtn(image[np.ix_(*around)], wavelet, level=1, axes=(2, 1, 0))[0]
    for band in sorted(bands, key=lambda band: (band == "aaa", band)):
        yield f"wavelet-{band.replace('a', 'L').replace('d', 'H')}", bands[band][inner]


def _around(part: slice, size: int, reach: int) -> tuple[np.ndarray, slice]:
    """Indices of an axis that the filter needs for a part of it, even in number, and the place of the part in them."""
    even = size + size % 2
    first, length = part.start - reach, part.stop - part.start + 2 * reach
    length += length % 2
    if length >= even:  # no shorter than the axis: all of it
        return np.arange(even) % size, part
    index = np.arange(first, first + length) % even
    return index % size, slice(reach, reach + part.stop - part.start)


def _laplacian_of_gaussian(
    image: np.ndarray, box: Box, spacing: Sequence[float], sigma: Sequence[float]
) -> Iterator[tuple[str, np.ndarray]]:
    """SimpleITK's recursive filter depends on the whole image, so it is applied to the whole."""
    volume = sitk.GetImageFromArray(image)
    volume.SetSpacing(tuple(spacing)[::-1])
    log = sitk.LaplacianRecursiveGaussianImageFilter()
    log.SetNormalizeAcrossScale(True)
    for width in sigma:
        log.SetSigma(width)
        name = f"log-sigma-{str(float(width)).replace('.', '-')}-mm-3D"
        if min(image.shape) < 4 or (np.array(image.shape) < np.ceil(width / np.array(spacing)) + 1).any():
            yield name, np.full_like(image[box], np.nan)  # pyradiomics omits such an image
            continue
        yield name, sitk.GetArrayFromImage(log.Execute(volume))[box]
