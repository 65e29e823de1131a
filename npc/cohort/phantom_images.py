"""The phantom's pictures: a head with one tumour whose size, necrosis and texture show its aggressiveness."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

FIELD_OF_VIEW = 200.0  # mm, Table 1 of the paper: 200 to 250
SLICES = 16
SLICE_SPACING = 5.0  # mm: 4 mm thick, 1 mm apart


@dataclass(frozen=True)
class Scanner:
    """How one hospital's pictures differ from another's."""

    scale: float  # grey levels of soft tissue
    noise: float  # SD as a share of soft tissue
    shading: float  # how much brighter one side is than the other
    manufacturer: str
    field: float  # tesla


SCANNERS = {
    "hospital_1": Scanner(400, 0.04, 0.10, "GE MEDICAL SYSTEMS", 1.5),
    "hospital_2": Scanner(900, 0.06, 0.20, "Philips Medical Systems", 1.5),
}
TISSUE = {"cet1": 0.45, "t2": 0.35}  # tumours are brighter (1) in both sequences
FAT = {"cet1": 0.9, "t2": 0.8}


def draw_study(
    sequence: str, shown: float, matrix: int, scanner: Scanner, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws one sequence of one patient.

    Args:
        sequence: `cet1` or `t2`.
        shown: standardised aggressiveness as this sequence shows it.
        matrix: pixels along a side; the field of view stays the same.
        scanner: of the patient's hospital.
        rng: of this patient and sequence.

    Returns:
        image, int16 (slice, row, column), and outline, uint8 of the same shape.
    """
    pixel = FIELD_OF_VIEW / matrix
    z, y, x = np.meshgrid(
        (np.arange(SLICES) - (SLICES - 1) / 2) * SLICE_SPACING,
        (np.arange(matrix) - (matrix - 1) / 2) * pixel,
        (np.arange(matrix) - (matrix - 1) / 2) * pixel,
        indexing="ij",
    )

    def smooth_noise(mm: float) -> np.ndarray:
        """Standardised noise with structures of about `mm`."""
        noise = gaussian_filter(rng.standard_normal(z.shape), (mm / SLICE_SPACING, mm / pixel, mm / pixel))
        return noise / noise.std()

    skull = np.hypot(x / 75, y / 95)
    image = np.where(skull < 1, TISSUE[sequence] * (1 + 0.1 * smooth_noise(6)), 0.02)
    image[(skull > 0.9) & (skull < 1)] = FAT[sequence]

    radius = 22 * np.exp(0.32 * np.clip(shown, -2.2, 2.2))
    stretch = rng.uniform(0.85, 1.15)
    dx, dy, dz = rng.uniform(-10, 10), rng.uniform(-10, 10), rng.uniform(-4, 4)
    distance = np.sqrt(
        ((x - dx) / (radius * stretch)) ** 2 + ((y - dy) / (radius / stretch)) ** 2 + ((z - dz) / (0.8 * radius)) ** 2
    )
    depth = distance * (1 + 0.10 * smooth_noise(10))
    outline = depth < 1

    # Aggressive tumours are coarser, more uneven and necrotic in the middle.
    coarse = 1 / (1 + np.exp(-shown))
    grain = 1 + (0.10 + 0.15 * coarse) * smooth_noise(3 + 5 * coarse)
    necrosis = np.clip(0.15 + 0.2 * shown, 0, 0.8)
    tumour = np.where(depth < necrosis, 0.35, 1.0) * grain
    image = np.where(outline, tumour, image)

    image *= 1 + scanner.shading * x / FIELD_OF_VIEW
    noise = scanner.noise * rng.standard_normal((2, *z.shape))
    magnitude = np.hypot(image + noise[0], noise[1])  # Rician, as in magnitude MR
    return np.clip(magnitude * scanner.scale, 0, 32767).astype(np.int16), outline.astype(np.uint8)
