"""The main figures look as the baselines, at which a person has looked."""

from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images

from npc.report.kit import figure
from tests.report.paper.main_figures import BASELINES, DPI, DRAWN

TOLERANCE = 4.0  # root mean square of the difference, of 255: another version of matplotlib may shift an edge


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_looks_like_its_baseline(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(figure._STYLE, "figure.dpi", DPI)
    DRAWN[name](tmp_path / name)
    different = compare_images(str(BASELINES / f"{name}.png"), str(tmp_path / f"{name}.png"), TOLERANCE)
    assert different is None, f"{different}; if it is meant, see tests/report/paper/main_figures.py"
