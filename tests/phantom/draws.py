"""Patients of the phantom without images."""

import pandas as pd

from npc.phantom.hospitals import HOSPITALS
from npc.phantom.options import Options
from npc.phantom.parts import PARTS
from npc.phantom.population import draw_patient


def draw(hospital: int, n: int, **choices: object) -> pd.DataFrame:
    """Rows of patients.csv and truth.csv, beside each other, of a hospital (0, 1)."""
    options = Options.of(choices)
    rows = [draw_patient(HOSPITALS[hospital], number, options) for number in range(n)]
    return pd.DataFrame([patient | truth for patient, truth in rows])


def all_parts(shown: float) -> dict[str, float]:
    """A tumour whose size, texture and necrosis all show this."""
    return dict.fromkeys(PARTS, shown)
