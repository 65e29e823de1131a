"""The effect of the additional treatment against the risk, a panel a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from npc.prognosis.treatment_interaction import AtRisk
from npc.report.kit.figure import PAGE, drawing

HEIGHT, COLUMNS = 55.0, 3  # mm of a row of panels
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def draw(path: Path, curves: Mapping[str, Sequence[AtRisk]]) -> None:
    """Saves `<path>.png` and `<path>.svg`.

    Args:
        path: without suffix.
        curves: by the title of the panel.
    """
    rows = -(-len(curves) // COLUMNS)
    with drawing(path, width=PAGE, height=HEIGHT * rows) as figure:
        panels = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).ravel()
        for number, (axes, (title, curve)) in enumerate(zip(panels, curves.items(), strict=False)):
            x = [at.percentile for at in curve]
            axes.fill_between(x, *zip(*(at.ci for at in curve), strict=True), color="0.85", linewidth=0)
            axes.plot(x, [at.estimate for at in curve], color="black")
            axes.axhline(1, color="0.5", linewidth=0.6, linestyle="--")
            axes.set_title(f"({chr(97 + number)}) {title}", loc="left")
            axes.set_yscale("log")
            axes.set_ylim(TICKS[0], TICKS[-1])
            axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
            axes.minorticks_off()
            axes.set_xlabel("Percentile of the treatment-free risk")
        for axes in panels[::COLUMNS]:
            axes.set_ylabel("Hazard ratio of\nadditional treatment")
        for axes in panels[len(curves) :]:
            axes.axis("off")
