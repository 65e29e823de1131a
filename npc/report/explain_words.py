"""What reports say of maps: that of `npc explain`, and that of evaluate.py, which imports no network."""

from dataclasses import dataclass
from pathlib import Path

FIGURE = Path("figures/maps")
NO_PROOF = (
    "A map is no proof: it shows where this network takes its risk from, not why, and not that the place has to do "
    "with metastasis."
)
CHECKS = (
    "If the map of random weights looks the same (a correlation near 1), the map shows the image and not what the "
    "network has learnt; if that of shuffled outcomes does, not what it has learnt from the outcomes. If hiding the "
    "marked pixels changes the risk no more than hiding as many at random, the map marks nothing."
)
CHECKED = {"random_weights": "Random weights", "shuffled_outcomes": "Shuffled outcomes"}  # networks that know nothing


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
