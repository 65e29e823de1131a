"""The figure of the ROC curves."""

from pathlib import Path

import numpy as np
import pytest

from npc.names import MODELS
from npc.report.paper.roc import DASHES, Curve, Panel, draw


@pytest.mark.usefixtures("coarse")
def test_every_model_has_a_curve_of_its_own(tmp_path: Path):
    assert len(set(DASHES)) >= len(MODELS)
    points = np.array([[0, 0], [0.5, 0.8], [1, 1]])
    curves = [Curve(title, f"0.{number}00", points) for number, title in enumerate(MODELS.values(), start=1)]
    draw(tmp_path / "roc", [Panel("Training", curves), Panel("External test", curves)])
    written = (tmp_path / "roc.svg").read_text()
    for title in MODELS.values():
        assert written.count(title) >= 2
