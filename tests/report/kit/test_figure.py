"""Figures: sizes that a journal asks for, and the same bytes each time."""

import numpy as np
from matplotlib.image import imread

from npc.report.kit.figure import COLUMN, drawing


def draw(path):
    with drawing(path, width=COLUMN, height=50) as figure:
        figure.subplots().plot([0, 1], [0, 1], label="one")


def test_a_figure_is_a_column_wide_at_300_dpi_and_there_as_svg(tmp_path):
    draw(tmp_path / "figures" / "line")
    height, width, _ = imread(tmp_path / "figures" / "line.png").shape
    np.testing.assert_allclose([width, height], [85 / 25.4 * 300, 50 / 25.4 * 300], atol=1)
    assert (tmp_path / "figures" / "line.svg").read_text().startswith("<?xml")
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == ["line.png", "line.svg"]


def test_the_same_figure_has_the_same_bytes(tmp_path):
    draw(tmp_path / "a")
    draw(tmp_path / "b")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
