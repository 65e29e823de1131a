"""The five features of the paper a second time, without pyradiomics or PyWavelets: NumPy, and SciPy's zones and hull.

Written from the definitions, in double precision, of the tumour's neighbourhood alone.
"""

from itertools import product

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

# Coiflet of order 1, in closed form (Daubechies 1992, table 8.1), as a low-pass filter to be convolved with.
ROOT = np.sqrt(7.0)
LOW = np.array([ROOT - 3, 1 - ROOT, 14 - 2 * ROOT, 14 + 2 * ROOT, 5 + ROOT, 1 - ROOT]) / (16 * np.sqrt(2.0))
HIGH = -LOW[::-1] * (-1.0) ** np.arange(6)  # its quadrature mirror
LEVELS = 32


def paper_features(
    image: np.ndarray, mask: np.ndarray, slices: list[int], spacing: tuple[float, ...]
) -> dict[str, float]:
    """The five, of a volume (slice, row, column) and its outline on these slices."""
    inside = np.zeros_like(mask)
    inside[slices] = mask[slices]
    box = tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in np.nonzero(inside))
    outlined = inside[box]
    values = image.astype(np.float64)
    values = 100 * (values - values.mean()) / values.std(ddof=1)
    bands = {name: wavelet(values, box, name) for name in ("LLL", "HHH", "HHL")}
    root = np.sign(values) * np.sqrt(np.abs(values) * np.abs(values).max())
    return {
        "original_shape_Maximum3DDiameter": diameter(outlined, spacing),
        "wavelet-LLL_firstorder_Minimum": bands["LLL"][outlined].min(),
        "squareroot_firstorder_90Percentile": percentile(root[box][outlined], 0.9),
        "wavelet-HHH_glszm_LargeAreaHighGrayLevelEmphasis": large_area_high_level(grey(bands["HHH"], outlined)),
        "wavelet-HHL_glcm_Imc2": informational_correlation_2(grey(bands["HHL"], outlined)),
    }


def diameter(inside: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Largest distance between two points half way between an outlined voxel and a neighbour that is not."""
    padded = np.pad(inside, 1)
    points = []
    for axis in range(3):
        index = np.argwhere(np.diff(padded.astype(np.int8), axis=axis)).astype(float)
        index[:, axis] += 0.5
        points.append(index * spacing)
    cloud = np.concatenate(points)
    return float(pdist(cloud[ConvexHull(cloud).vertices]).max())


def wavelet(volume: np.ndarray, box: tuple[slice, ...], band: str) -> np.ndarray:
    """Stationary transform of one level in this box; the band's letters are those of x, y and z.

    An axis of odd length repeats its first voxel at its end; then it goes round.
    """
    found = volume
    for axis, (letter, wanted) in enumerate(zip(band[::-1], box, strict=True)):
        size = found.shape[axis]
        even = size + size % 2
        taps = LOW if letter == "L" else HIGH
        total: np.ndarray | float = 0.0
        for tap, weight in enumerate(taps):
            where = (np.arange(wanted.start, wanted.stop) + 3 - tap) % even
            total = total + weight * np.take(found, where % size, axis=axis)
        found = np.asarray(total)
    return found


def percentile(values: np.ndarray, share: float) -> float:
    """Of the sorted values, between the two nearest."""
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def grey(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Grey levels 1 to LEVELS, of equal width between the outlined minimum and maximum; 0 outside."""
    within = values[inside]
    low, high = within.min(), within.max()
    level = np.floor((values - low) / (high - low) * LEVELS).astype(int) + 1
    return np.where(inside, np.clip(level, 1, LEVELS), 0)


def large_area_high_level(levels: np.ndarray) -> float:
    """Mean over zones (26 neighbours) of squared size times squared level."""
    terms = []
    for level in np.unique(levels[levels > 0]):
        zones, _ = ndimage.label(levels == level, np.ones((3, 3, 3)))
        sizes = np.bincount(zones.ravel())[1:]
        terms.append(level**2 * sizes.astype(float) ** 2)
    return float(np.concatenate(terms).mean())


def informational_correlation_2(levels: np.ndarray) -> float:
    """Second informational measure of correlation, a mean over the 13 directions of co-occurrence."""
    found = []
    for step in product((-1, 0, 1), repeat=3):
        if step <= (0, 0, 0):
            continue  # its opposite is counted
        first = levels[tuple(slice(max(-d, 0), n - max(d, 0)) for d, n in zip(step, levels.shape, strict=True))]
        second = levels[tuple(slice(max(d, 0), n - max(-d, 0)) for d, n in zip(step, levels.shape, strict=True))]
        both = (first > 0) & (second > 0)
        joint = np.zeros((LEVELS, LEVELS))
        np.add.at(joint, (first[both] - 1, second[both] - 1), 1.0)
        joint = joint + joint.T
        if not joint.sum():
            continue  # an outline of one slice has 4 directions
        joint /= joint.sum()
        alone = np.outer(joint.sum(1), joint.sum(0))
        found.append(np.sqrt(1 - np.exp(-2 * (entropy(alone) - entropy(joint)))))
    return float(np.mean(found))


def entropy(share: np.ndarray) -> float:
    positive = share[share > 0]
    return float(-(positive * np.log2(positive)).sum())
