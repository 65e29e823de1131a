"""What reports say of maps: that of `npc explain`, and that of evaluate.py, which imports no network."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

FIGURE = Path("figures/maps")
NO_PROOF = (
    "A map is no proof: it shows where this network takes its risk from, not why, and not that the place has to do "
    "with metastasis."
)
CHECKS = (
    "If the map of random weights looks the same (a correlation near 1), the map shows the image and not what the "
    "network has learnt; if that of permuted outcomes does, not what it has learnt from the outcomes. If hiding the "
    "marked pixels changes the risk no more than hiding as many at random, the map marks nothing."
)
READING = (
    "Hiding what the map marks should change the risk more than hiding as many pixels at random; a correlation near 1 "
    "with the map of random weights means that the map shows the image, not what was learnt."
)
CHECKED = {"random_weights": "Random weights", "permuted_outcomes": "Permuted outcomes"}  # networks that know nothing


@dataclass(frozen=True)
class Method:
    """Of making maps.

    Attributes:
        name: as a title.
        unit: of the colours.
        meaning: of red.
    """

    name: str
    unit: str
    meaning: str

    @property
    def caption(self) -> str:
        """Of the figure with the maps of all patients."""
        return (
            f"Largest slice with the outline; {self.name} (red: {self.meaning}); maps of networks that know nothing of "
            "the outcome; risk with the most marked pixels hidden, and with as many drawn at random"
        )


METHODS = {
    "occlusion": Method("Occlusion map", "Risk minus risk\nwith the place hidden", "hiding the place lowers the risk"),
    "grad_cam": Method("Grad-CAM", "Activation weighted\nby its gradient", "the last stage raises the risk here"),
}


def checks(maps: pd.DataFrame) -> dict[str, list[str]]:
    """What a reader is shown of the checks, by heading.

    Args:
        maps: a row a patient, with the columns of `tables/maps.csv`.

    Raises:
        KeyError: a column is not there.
    """
    columns = {
        "Risk": "risk",
        "Risk with the marked 10% hidden": "hidden_10",
        "Risk with a random 10% hidden": "hidden_10_at_random",
    }
    columns |= {
        f"Correlation with {title.lower()}": f"correlation_{check}"
        for check, title in CHECKED.items()
        if check == "random_weights" or f"correlation_{check}" in maps
    }
    return {heading: _printed(maps[name]) for heading, name in columns.items()}


def _printed(values: pd.Series) -> list[str]:
    return ["–" if pd.isna(value) else f"{value:.3f}" for value in values]
