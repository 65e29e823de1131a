"""The phantom's scanners: those of Table 1 of Zhang et al., JMRI 2020, and the scanner of each patient.

The paper does not say which hospital has which scanner. It is assumed that hospital 1 has all
patients of GE (105 at 1.5 T, 32 at 3 T) and 51 of Philips at 1.5 T, hospital 2 the other 33 of them and the 12 of
Philips at 3 T. Grey scale, noise and shading are invented; contrast follows from TR, TE and field strength (images.py).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

GAP = 1.0  # mm between slices
HEIGHT = 80.0  # mm that the slices cover at least, enough for the largest tumour
_ACQUISITION_STREAM, _SCANNER_STREAM = 3, 4  # other than the patient's own and those of the images, 1 and 2


@dataclass(frozen=True)
class Protocol:
    """How a sequence is acquired: TR and TE in ms (shortest, longest); matrix as frequency and phase steps."""

    tr: tuple[float, float]
    te: tuple[float, float]
    matrix: tuple[int, int]


@dataclass(frozen=True)
class Scanner:
    """A row of Table 1, and how its images differ from another scanner's."""

    manufacturer: str
    model: str
    field: float  # tesla
    field_of_view: tuple[int, int]  # mm, smallest and largest
    thickness: float  # mm
    protocols: dict[str, Protocol]
    scale: float  # grey levels of a tumour
    noise: float  # SD as a share of a tumour's signal
    shading: float  # how much brighter one side is than the other

    @property
    def name(self) -> str:
        """Vendor and field."""
        return f"{self.manufacturer.split()[0]} {self.field}T"


SCANNERS = (
    Scanner(
        "GE MEDICAL SYSTEMS", "Optima", 1.5, (200, 250), 4.0,
        {"cet1": Protocol((440, 600), (8, 11), (256, 224)), "t2": Protocol((2720, 5866), (81, 113), (288, 224))},
        400, 0.05, 0.10,
    ),
    Scanner(
        "GE MEDICAL SYSTEMS", "Discovery", 3.0, (200, 250), 4.0,
        {"cet1": Protocol((400, 700), (6.7, 10), (288, 256)), "t2": Protocol((4682, 8002), (85, 124), (288, 256))},
        700, 0.03, 0.20,
    ),
    Scanner(
        "Philips Medical Systems", "Achieva", 1.5, (200, 230), 5.0,
        {"cet1": Protocol((630, 630), (15, 15), (260, 162)), "t2": Protocol((2949, 2949), (120, 120), (288, 198))},
        900, 0.06, 0.15,
    ),
    Scanner(
        "Philips Medical Systems", "Ingenia", 3.0, (200, 230), 5.0,
        {"cet1": Protocol((595, 595), (7.1, 7.1), (256, 207)), "t2": Protocol((2851, 2851), (90, 90), (288, 223))},
        1100, 0.035, 0.25,
    ),
)  # fmt: skip
PATIENTS = ((105, 32, 51, 0), (0, 0, 33, 12))  # by hospital, in the order of SCANNERS


@dataclass(frozen=True)
class Grid:
    """A volume's voxels, axial, centred on the origin; in the order slice, row, column.

    Attributes:
        shape: voxels.
        spacing: mm.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]

    @property
    def axes(self) -> list[np.ndarray]:
        """Positions of slices, rows and columns, mm."""
        return [(np.arange(n) - (n - 1) / 2) * step for n, step in zip(self.shape, self.spacing, strict=True)]


@dataclass(frozen=True)
class Acquisition:
    """One patient's examination: TR and TE in ms by sequence."""

    scanner: Scanner
    field_of_view: int  # mm
    tr: dict[str, float]
    te: dict[str, float]

    def grid(self, matrix: int) -> Grid:
        """The grid with `matrix` pixels along a side."""
        step = self.scanner.thickness + GAP
        pixel = self.field_of_view / matrix
        return Grid((int(np.ceil(HEIGHT / step)), matrix, matrix), (step, pixel, pixel))


def draw_acquisition(hospital: int, number: int, seed: int) -> Acquisition:
    """Scanner, field of view, TR and TE of a patient; they do not depend on the number of patients."""
    block, place = divmod(number, sum(PATIENTS[hospital]))
    scanner = SCANNERS[_scanners(hospital, block, seed)[place]]
    rng = np.random.default_rng([seed, hospital, number, _ACQUISITION_STREAM])
    smallest, largest = scanner.field_of_view
    return Acquisition(
        scanner,
        int(rng.integers(smallest, largest, endpoint=True)),
        {name: float(round(rng.uniform(*protocol.tr))) for name, protocol in scanner.protocols.items()},
        {name: round(rng.uniform(*protocol.te), 1) for name, protocol in scanner.protocols.items()},
    )


@cache
def _scanners(hospital: int, block: int, seed: int) -> np.ndarray:
    """Scanners of as many patients as the paper has at a hospital, in random order, with the published counts."""
    rng = np.random.default_rng([seed, hospital, block, _SCANNER_STREAM])
    return rng.permutation(np.repeat(np.arange(len(SCANNERS)), PATIENTS[hospital]))
