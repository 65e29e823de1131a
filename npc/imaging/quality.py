"""Image consistency between hospitals: the paper's MSSIM.

Zhang et al., JMRI 2020, "MR Image Acquisition": the largest slice of each development patient against those of all
external patients; the mean of these SSIMs is the patient's MSSIM, and at 0.9 or more the patient's images are called
consistent.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from npc.cohort.centres import development_centre
from npc.cohort.cohort import Cohort
from npc.errors import InputError
from npc.imaging.slice_images import READINGS
from npc.imaging.ssim import pairwise_ssim


@dataclass(frozen=True)
class Consistency:
    """SSIM of one sequence's images between development and external patients.

    Attributes:
        development: identifiers of the rows.
        external: identifiers of the columns.
        pairs: SSIM by reading (`unmasked`, `masked`), float64 (development, external).
    """

    development: list[str]
    external: list[str]
    pairs: dict[str, np.ndarray]

    def mssim(self, reading: str) -> pd.Series:
        """MSSIM of each development patient."""
        return pd.Series(self.pairs[reading].mean(axis=1), self.development)

    def summary(self, threshold: float) -> dict[str, Any]:
        """By reading: share of development patients at or above the threshold, median and range of MSSIM."""
        return {
            reading: {
                "at_or_above": int((values >= threshold).sum()),
                "share": float((values >= threshold).mean()),
                "median": float(values.median()),
                "lowest": float(values.min()),
                "highest": float(values.max()),
            }
            for reading, values in ((reading, self.mssim(reading)) for reading in self.pairs)
        }


def sides(cohort: Cohort, development: str | None) -> tuple[str, list[str]]:
    """The development centre, as in `split=by_centre`, and the other centres.

    Raises:
        InputError: there is one centre only, or no such centre.
    """
    centres = cohort.patients["centre"].astype(str)
    home = development_centre(centres, development)
    others = sorted(set(centres) - {home})
    if not others:
        raise InputError(
            f"cohort {cohort.name}: all {len(centres)} patients are from {home}, so there is nothing to compare; "
            "image consistency needs patients of another centre"
        )
    return home, others


def consistency(images: dict[str, np.ndarray], home: pd.Series, what: str) -> Consistency | None:
    """SSIM of every pair of a development and an external patient.

    Args:
        images: of one sequence, uint8 (2, size, size) by patient (`npc.imaging.slice_images`).
        home: whether a patient is from the development centre, by patient.
        what: the sequence, for the progress bar.

    Returns:
        None where one side has no images.
    """
    development = [patient for patient in images if home[patient]]
    external = [patient for patient in images if not home[patient]]
    if not development or not external:
        return None
    pairs = {
        reading: pairwise_ssim(
            np.stack([images[patient][i] for patient in development]),
            np.stack([images[patient][i] for patient in external]),
            f"Comparing {what}, {reading}",
        )
        for i, reading in enumerate(READINGS)
    }
    return Consistency(development, external, pairs)
