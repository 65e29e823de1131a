"""The phantom's images: a head with one tumour whose size, texture and necrosis show its aggressiveness."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import expit, ndtr

from npc.phantom.scanners import Acquisition, Grid


@dataclass(frozen=True)
class Tissue:
    """Relaxation times in ms at 1.5 T; `enhanced` is T1 after contrast agent."""

    t1: float
    enhanced: float
    t2: float


TUMOUR, MUSCLE, FAT = Tissue(1200, 400, 100), Tissue(900, 750, 50), Tissue(260, 260, 80)
T1_AT_3T = 1.2  # times that at 1.5 T


def draw_study(
    sequence: str,
    shown: Mapping[str, float],
    joint: bool,
    matrix: int,
    acquisition: Acquisition,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws one sequence of one patient.

    Args:
        sequence: `cet1` or `t2`.
        shown: standardised aggressiveness, as this sequence shows it, by part: `size`, `texture`, `necrosis`.
        joint: draws texture and necrosis as recipe 2 did, where each part shows the same.
        matrix: pixels along a side; the field of view does not depend on it.
        acquisition: of the patient.
        rng: of this patient and sequence.

    Returns:
        Image, int16 (slice, row, column), and depth, of the same shape: distance from the tumour's centre divided
        by that of its edge, so that the tumour is `depth < 1`.
    """
    grid, scanner = acquisition.grid(matrix), acquisition.scanner
    z, y, x = np.meshgrid(*(axis.astype(np.float32) for axis in grid.axes), indexing="ij")
    fat, muscle = (relative_signal(tissue, sequence, acquisition) for tissue in (FAT, MUSCLE))

    skull = np.hypot(x / 75, y / 95)
    image = np.where(skull < 1, muscle * (1 + 0.1 * smooth_noise(grid, 6, rng)), 0.02)
    image[(skull > 0.9) & (skull < 1)] = fat

    radius = 22 * np.exp(0.32 * np.clip(shown["size"], -2.2, 2.2))
    stretch = rng.uniform(0.85, 1.15)
    dx, dy, dz = rng.uniform(-10, 10), rng.uniform(-10, 10), rng.uniform(-4, 4)
    distance = np.sqrt(
        ((x - dx) / (radius * stretch)) ** 2 + ((y - dy) / (radius / stretch)) ** 2 + ((z - dz) / (0.8 * radius)) ** 2
    )
    depth = distance * (1 + 0.10 * smooth_noise(grid, 10, rng))
    depth.flat[distance.argmin()] = 0  # otherwise coarse pixels could miss a small tumour

    # Aggressive tumours have a coarser, more uneven texture and a larger necrotic centre.
    tissue, necrosis = (_joint_tissue if joint else _tissue)(grid, shown, rng)
    tumour = np.where(depth < necrosis, 0.35, 1.0) * (1 + tissue)
    image = np.where(depth < 1, tumour, image)

    image *= 1 + scanner.shading * x / acquisition.field_of_view
    noise = scanner.noise * rng.standard_normal((2, *grid.shape), np.float32)
    magnitude = np.abs(_acquire(image, noise[0] + 1j * noise[1], scanner.protocols[sequence].matrix))
    return np.clip(magnitude * scanner.scale, 0, 32767).astype(np.int16), depth


def _tissue(grid: Grid, shown: Mapping[str, float], rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Variation of a tumour's signal, and the radius of its necrosis as a share of the tumour's.

    Each part is to be seen alone and over its whole range: a mixture of grains finer and coarser than a pixel at the
    default matrix, whose proportions change, and a necrosis that no tumour lacks.
    """
    coarse = ndtr(shown["texture"])
    fine, rough = smooth_noise(grid, 1, rng), smooth_noise(grid, 4, rng)
    tissue = (0.25 + 0.1 * coarse) * (np.sqrt(1 - coarse) * fine + np.sqrt(coarse) * rough)
    return tissue, 0.2 + 0.5 * ndtr(shown["necrosis"])


def _joint_tissue(grid: Grid, shown: Mapping[str, float], rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """As `_tissue`, for phantoms in which all parts show the same: they remain those of recipe 2."""
    coarse = expit(shown["texture"])
    tissue = (0.10 + 0.15 * coarse) * smooth_noise(grid, 3 + 5 * coarse, rng)
    return tissue, np.clip(0.15 + 0.2 * shown["necrosis"], 0, 0.8)


def smooth_noise(grid: Grid, mm: float, rng: np.random.Generator) -> np.ndarray:
    """Standardised noise with structures of about `mm`."""
    noise = gaussian_filter(rng.standard_normal(grid.shape, np.float32), [mm / step for step in grid.spacing])
    return noise / noise.std()


def relative_signal(tissue: Tissue, sequence: str, acquisition: Acquisition) -> float:
    """A tissue's signal in a spin echo, `(1 - exp(-TR/T1)) exp(-TE/T2)`, relative to that of the tumour."""
    longer = T1_AT_3T if acquisition.scanner.field > 1.5 else 1.0
    tr, te = acquisition.tr[sequence], acquisition.te[sequence]

    def signal(tissue: Tissue) -> float:
        t1 = longer * (tissue.enhanced if sequence == "cet1" else tissue.t1)
        return float((1 - np.exp(-tr / t1)) * np.exp(-te / tissue.t2))

    return signal(tissue) / signal(TUMOUR)


def _acquire(image: np.ndarray, noise: np.ndarray, matrix: tuple[int, int]) -> np.ndarray:
    """The complex image that the scanner reconstructs from its acquisition matrix: frequencies beyond it are zero.

    The noise keeps its SD. Rows are encoded by frequency, columns by phase.
    """
    steps = [min(size, n) for size, n in zip(matrix, image.shape[1:], strict=True)]
    if steps == list(image.shape[1:]):  # the noise is Rician in this case too: the caller takes the magnitude
        return image + noise
    kept = steps[0] * steps[1] / (image.shape[1] * image.shape[2])
    spectrum = np.fft.fftshift(np.fft.fft2(image + noise / np.sqrt(kept)), axes=(1, 2))
    for axis, step in enumerate(steps, 1):
        frequency = np.arange(image.shape[axis]) - image.shape[axis] // 2
        outside = (frequency < -(step // 2)) | (frequency >= step - step // 2)
        spectrum[(slice(None),) * axis + (outside,)] = 0
    return np.fft.ifft2(np.fft.ifftshift(spectrum, axes=(1, 2)))
