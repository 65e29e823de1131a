"""Structural similarity (SSIM) of every image of one set with every image of another.

Wang et al., IEEE Trans Image Process 2004;13:600-612, with the conventions of scikit-image:
`structural_similarity(a, b, gaussian_weights=True, sigma=1.5, data_range=255)`. That is an 11 x 11 Gaussian window,
the sample covariance (121/120 of the weighted one, which differs from Wang), K1 = 0.01, K2 = 0.03, and the
mean over the pixels whose window is inside the image.

An image's local mean and variance do not depend on the other image and are computed once; a pair then needs only one
filtered product. Where both images are 0, as around masked tumours, their similarity is 1 and nothing is computed.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from joblib import Parallel, cpu_count, delayed

from npc.terminal import track

RADIUS = 5  # of the window: 3.5 sigma, rounded
_KERNEL = cv2.getGaussianKernel(2 * RADIUS + 1, 1.5, cv2.CV_64F)
_SAMPLE = (2 * RADIUS + 1) ** 2 / ((2 * RADIUS + 1) ** 2 - 1)
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_BLOCK = 2**26  # bytes that the second set's local moments may take at a time, in each process
_FEW = 1000  # pairs that take less time than starting other processes
_INSIDE = (slice(RADIUS, -RADIUS),) * 2


@dataclass(frozen=True)
class _Moments:
    """Local moments of an image, used in each of its pairs; all but `pixels` without the margin.

    Only the covariance is a small difference of large numbers and needs float64; the rest is float32, which moves an
    SSIM by less than 1e-8. Each of the factors saves a pass over the arrays.

    Attributes:
        pixels: the image, uint16, in which the product of two pixels fits.
        mean: float64, by window, times the square root of 2 x 121/120.
        factor: the same as float32.
        luminance: float32, 121/120 x (mean² + C1 / 2): the sum of two is a factor of SSIM's denominator.
        contrast: float32, sample variance + C2 / 2: likewise.
        box: top, left, bottom and right of the non-zero pixels; bottom and right are exclusive.
    """

    pixels: np.ndarray
    mean: np.ndarray
    factor: np.ndarray
    luminance: np.ndarray
    contrast: np.ndarray
    box: tuple[int, int, int, int]


def pairwise_ssim(first: np.ndarray, second: np.ndarray, what: str = "Comparing images") -> np.ndarray:
    """SSIM of each pair, on all cores.

    Memory is bounded: the second set is processed in blocks (of up to 57 images of 256 pixels, or 14 of 512), whose
    moments each process computes again for its part of the first set.

    Args:
        first: uint8 (n, rows, columns), at least 11 pixels along a side.
        second: uint8 (m, rows, columns).
        what: text of the progress bar.

    Returns:
        float64 (n, m), between -1 and 1; 1 for equal images.

    Raises:
        ValueError: images of different sizes, or smaller than the window.
    """
    if first.shape[1:] != second.shape[1:] or min(first.shape[1:]) < 2 * RADIUS + 1:
        raise ValueError(f"images of {first.shape[1:]} and {second.shape[1:]} pixels have no SSIM")
    step = max(1, _BLOCK // (18 * second[0].size)) if len(second) else 1
    jobs = 1 if len(first) * len(second) < _FEW else cpu_count()
    parts = np.array_split(np.arange(len(first)), min(len(first), 2 * jobs))
    places = [(part, slice(start, start + step)) for start in range(0, len(second), step) for part in parts]
    # processes, not threads: two threads were only 1.3 times as fast as one
    work = Parallel(n_jobs=jobs, return_as="generator", max_nbytes=None)(
        delayed(_rows)(first[part], second[block]) for part, block in places
    )
    similarity = np.empty((len(first), len(second)))
    for (part, block), rows in zip(places, track(work, what, len(places)), strict=True):
        similarity[part, block] = rows
    return similarity


def _rows(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """SSIM of each pair, in this process."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # the processes already use all cores
    others = [_moments(image) for image in second]
    rows = np.array([_row(image, others) for image in first]).reshape(len(first), len(second))
    cv2.setNumThreads(threads)
    return rows


def _moments(image: np.ndarray) -> _Moments:
    pixels = image.astype(np.float64)
    mean, square = _local_mean(pixels), _local_mean(pixels * pixels)
    luminance = _SAMPLE * (mean**2 + _C1 / 2)
    contrast = _SAMPLE * (square - mean**2) + _C2 / 2
    return _Moments(
        image.astype(np.uint16),
        mean * np.sqrt(2 * _SAMPLE),
        (mean * np.sqrt(2 * _SAMPLE)).astype(np.float32),
        luminance.astype(np.float32),
        contrast.astype(np.float32),
        _box(image),
    )


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.boundingRect(image)
    return top, left, top + height, left + width


def _local_mean(plane: np.ndarray) -> np.ndarray:
    return cv2.sepFilter2D(plane, cv2.CV_64F, _KERNEL, _KERNEL)[_INSIDE]


def _row(image: np.ndarray, others: list[_Moments]) -> list[float]:
    """SSIM of one image with several. Computed in place, since new arrays would take most of the time."""
    a = _moments(image)
    less = -a.mean
    product, filtered = np.empty_like(a.pixels), np.empty(a.pixels.shape)
    ssim, above, below = (np.empty_like(a.contrast) for _ in range(3))
    row = []
    for b in others:
        # the windows with a non-zero pixel of either image, as indices of the arrays without margin
        top, left = (max(min(one, other) - 2 * RADIUS, 0) for one, other in zip(a.box[:2], b.box[:2], strict=True))
        bottom, right = (
            min(max(one, other), end) for one, other, end in zip(a.box[2:], b.box[2:], a.mean.shape, strict=True)
        )
        at = slice(top, bottom), slice(left, right)
        wide = slice(top, bottom + 2 * RADIUS), slice(left, right + 2 * RADIUS)
        if bottom <= top or right <= left:
            row.append(1.0)
            continue
        np.multiply(a.pixels[wide], b.pixels[wide], out=product[wide])
        # 2 x 121/120 x local mean of the product, + C2
        cv2.sepFilter2D(product[wide], cv2.CV_64F, 2 * _SAMPLE * _KERNEL, _KERNEL, filtered[wide], delta=_C2)
        inside = filtered[wide][_INSIDE]
        cv2.accumulateProduct(less[at], b.mean[at], inside)  # 2 x covariance + C2
        np.copyto(ssim[at], inside, casting="same_kind")
        cv2.multiply(a.factor[at], b.factor[at], above[at])
        above[at] += np.float32(_SAMPLE * _C1)
        cv2.multiply(ssim[at], above[at], ssim[at])
        cv2.add(a.luminance[at], b.luminance[at], above[at])
        cv2.add(a.contrast[at], b.contrast[at], below[at])
        cv2.multiply(above[at], below[at], below[at])
        cv2.divide(ssim[at], below[at], ssim[at])
        row.append(1 - (ssim[at].size - cv2.sumElems(ssim[at])[0]) / ssim.size)
    return row
