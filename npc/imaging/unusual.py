"""What is unusual about the outlines of a cohort: it may be right, but a reader should look at it first."""

from collections.abc import Mapping

import numpy as np

from npc.imaging.thumbnails import StudyView

_COMPARED = 8  # so many outlines are needed to tell which is tiny
_FENCE = 1.5  # interquartile ranges beyond the quartiles (Tukey, Exploratory Data Analysis, 1977)
_FEW_LEVELS = 16
_FEW_PIXELS = 50


def unusual(views: Mapping[str, StudyView]) -> dict[str, list[str]]:
    """What is unusual about each outline of one sequence.

    Args:
        views: by patient.

    Returns:
        by patient, phrases; empty for most.
    """
    volumes = {patient: float(np.log(view.size.volume)) for patient, view in views.items()}
    low, high = -np.inf, np.inf
    if len(volumes) >= _COMPARED:
        quartiles = np.quantile(list(volumes.values()), [0.25, 0.75])
        low, high = quartiles + _FENCE * (quartiles[1] - quartiles[0]) * np.array([-1, 1])
    return {patient: _phrases(view, volumes[patient], low, high) for patient, view in views.items()}


def _phrases(view: StudyView, volume: float, low: float, high: float) -> list[str]:
    found = {
        "tiny compared with the others": volume < low,
        "huge compared with the others": volume > high,
        "outline touches the edge of the slice": view.at_edge,
        "outline in the first or last slice": view.at_end,
        f"{view.levels} grey levels in the outline": view.levels < min(_FEW_LEVELS, view.pixels / 2),
        f"{view.input_pixels} px of tumour in the network's input": view.input_pixels < _FEW_PIXELS,
    }
    return [phrase for phrase, holds in found.items() if holds]
