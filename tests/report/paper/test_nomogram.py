"""A nomogram's labels and ticks: all of them can be read, however close the values are."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from npc.prognosis.encoding import ends, round_values
from npc.prognosis.scales import Scale
from npc.report.kit.figure import PAGE
from npc.report.paper import nomogram


def marks(*pairs: tuple[str, float]) -> tuple[tuple[str, float], ...]:
    return pairs


SCALES = [
    Scale("Signature", tuple((f"{v:g}", 0.9 * v) for v in np.linspace(-4, 5, 46).round(1)), continuous=True),
    Scale(
        "Histology of the tumour as the pathologist of the first hospital gave it",
        marks(("keratinising", 0.0), ("non-keratinising, differentiated", 0.2), ("other", 0.3), ("not known", 0.31)),
    ),
    Scale("N stage", tuple((f"N{i}", 0.02 * i) for i in range(7))),
    Scale("Age", tuple((f"{v}", 1e-4 * v) for v in range(20, 90, 10)), continuous=True),
    Scale("Treatment", marks(("CCRT", 0.4), ("IC+CCRT", 0.0))),
]


@pytest.mark.parametrize("intercept", [-2.0, 0.0, 9.0])
def test_no_label_touches_another(intercept):
    lines = nomogram._lines(SCALES, intercept, "distant metastasis")
    height = nomogram.ROW * (3 + nomogram._heights(lines)[-1])
    figure = Figure(figsize=(PAGE / 25.4, height / 25.4), layout="constrained", dpi=200)
    nomogram.lay_out(figure, lines)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = [(text.get_text(), text.get_window_extent()) for text in axes.texts]
    touching = [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.overlaps(other)]
    assert touching == []
    shown = " ".join(text for text, _ in boxes)
    for scale in SCALES:
        if not scale.continuous:
            assert all(mark in shown for mark, _ in scale.marks)
    for end in ("-4", "5", "20", "80"):
        assert end in [text for text, _ in boxes]


def test_a_scale_whose_ends_are_one_value_has_a_width():
    """As that of a variable that most patients have alike, or few have at all; else nothing could be divided by it."""
    values = pd.Series([1.0] * 3 + [54.0] * 50 + [90.0] * 3)
    assert round_values(*ends(values)) == [54, 55]
    scales = [Scale("Age", tuple((f"{v:g}", 0.1 * v) for v in round_values(*ends(values))), continuous=True)]
    lines = {title: dict(ticks) for title, ticks, _ in nomogram._lines(scales, -5.0, "distant metastasis")}
    assert lines["Age"] == pytest.approx({"54": 0, "55": 100})


def test_ticks_of_a_thinned_scale_are_apart_and_all_of_the_others_are_named():
    placed = nomogram._placed([(f"{v:g}", 0.1 * v) for v in range(60)], True)
    places = sorted(tick.place for tick in placed)
    assert min(np.diff(places)) >= nomogram.APART
    assert [tick.mark for tick in nomogram._placed([("N0", 0.0), ("N1", 0.3), ("N2", 9.0)], False)] == ["N0, N1", "N2"]
