"""The phantom's two hospitals: counts of Table 2 of Zhang et al., JMRI 2020, and their follow-up."""

from dataclasses import dataclass
from datetime import date

import numpy as np


@dataclass(frozen=True)
class Hospital:
    """Distribution of one hospital's patients and follow-up; counts in the order of the levels."""

    name: str
    prefix: str
    men: float
    age: tuple[float, float, int, int]  # mean, SD, youngest, oldest
    t_stage: tuple[int, int, int, int]
    n_stage: tuple[int, int, int, int]
    differentiated: float  # share of differentiated, non-keratinizing
    ebv_high: float
    regimen: tuple[int, int, int]  # CCRT, IC+CCRT, CCRT+AC
    opened: date  # first admission
    follow_up: tuple[float, float]  # months from diagnosis to the last examination for metastasis, uniform
    last_contact: float  # largest number of months from then to the last contact
    events: float  # published share of patients with metastasis


# Hospital 1 is the paper's training and validation cohort together.
HOSPITALS = (
    Hospital(
        "hospital_1", "H1", 141 / 188, (42.2, 11.0, 18, 71), (6, 33, 100, 49), (12, 49, 94, 33), 9 / 188,
        79 / 188, (62, 108, 18), date(2009, 3, 1), (5, 118), 20, 73 / 188,
    ),
    Hospital(
        "hospital_2", "H2", 36 / 45, (43.2, 11.0, 20, 64), (6, 9, 22, 8), (1, 7, 33, 4), 3 / 45,
        5 / 45, (5, 38, 2), date(2008, 8, 1), (24, 102), 34, 13 / 45,
    ),
)  # fmt: skip
REGIMENS = ("CCRT", "IC+CCRT", "CCRT+AC")


def shares(counts: tuple[int, ...]) -> np.ndarray:
    """Counts as fractions that sum to 1."""
    return np.array(counts) / sum(counts)
