"""What reports say of occlusion maps: that of `npc explain`, and that of evaluate.py, which imports no network."""

from pathlib import Path

FIGURE = Path("figures/maps")
CAPTION = "Largest slice with the outline; occlusion map (red: hiding the place lowers the risk); map of random weights"
NO_PROOF = (
    "A map is no proof: it shows where hiding a part of the tumour changes the risk of this network, not why, and not "
    "that the place has to do with metastasis."
)
CHECKS = (
    "If the map of random weights looks the same (a correlation near 1), the map shows the image and not what the "
    "network has learnt. If hiding the marked pixels changes the risk no more than hiding as many at random, the map "
    "marks nothing."
)
