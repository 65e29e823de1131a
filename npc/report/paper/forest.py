"""Forest plot of subgroups: hazard ratios with their intervals, and the tests of interaction."""

from pathlib import Path

from npc.names import with_signs
from npc.prognosis.subgroups import Subgroups
from npc.prognosis.survival import HazardRatio
from npc.report.kit import words
from npc.report.kit.figure import PAGE, drawing
from npc.statistics import NotEstimable

LINE, FRAME = 4.2, 17.0  # mm
LOWEST, HIGHEST = 0.1, 20.0  # of the axis


def draw(path: Path, found: Subgroups) -> None:
    """Saves `<path>.png` and `<path>.svg`.

    Args:
        path: without suffix.
        found: what it shows.
    """
    rows: list[tuple[str, str, HazardRatio | NotEstimable | None, str]] = [
        ("All held-out patients", f"{found.events} / {found.n}", found.all, "")
    ]
    for division in found.by.values():
        rows.append((division.title, "", None, words.p_value(division.p_holm)))
        rows += [
            (f"    {with_signs(level)}", f"{group.events} / {group.n}", group.hazard_ratio, "")
            for level, group in division.groups.items()
        ]
    with drawing(path, width=PAGE, height=FRAME + LINE * len(rows)) as figure:
        names, axes, texts = figure.subplots(1, 3, width_ratios=[1.2, 1.0, 1.4], sharey=True)
        for place in (names, texts):
            place.axis("off")
        axes.set_ylim(len(rows) - 0.5, -1.5)
        axes.set_xscale("log")
        axes.set_xlim(LOWEST, HIGHEST)
        axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10, 20], ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20"])
        axes.minorticks_off()
        axes.tick_params(left=False, labelleft=False)
        axes.spines["left"].set_visible(False)
        axes.axvline(1, color="0.6", linewidth=0.6)
        axes.set_xlabel("Hazard ratio of one standard deviation of the risk")
        headings = ((names, 0.0, "Subgroup"), (names, 1.0, "Events / n"), (texts, 0.0, "Hazard ratio"))
        for place, x, heading in (*headings, (texts, 1.0, "Interaction, P (Holm)")):
            _write(place, x, -1, heading, weight="bold")
        for row, (name, counts, ratio, p) in enumerate(rows):
            for place, x, text in ((names, 0.0, name), (names, 1.0, counts), (texts, 1.0, p)):
                _write(place, x, row, text)
            if ratio is None:
                continue
            _write(texts, 0.0, row, words.hazard_ratio(ratio))
            if not isinstance(ratio, NotEstimable):
                axes.plot([max(ratio.ci[0], LOWEST), min(ratio.ci[1], HIGHEST)], [row, row], color="black", lw=0.8)
                for end, mark, beyond in ((LOWEST, "<", ratio.ci[0] < LOWEST), (HIGHEST, ">", ratio.ci[1] > HIGHEST)):
                    if beyond:  # of the axis
                        axes.plot(end, row, mark, color="black", markersize=3, clip_on=False)
                if LOWEST <= ratio.estimate <= HIGHEST:
                    axes.plot(ratio.estimate, row, "s", color="black", markersize=3)


def _write(place: object, x: float, y: float, text: str, **style: str) -> None:
    place.text(  # type: ignore[attr-defined]
        x, y, text, transform=place.get_yaxis_transform(),  # type: ignore[attr-defined]
        ha="left" if x == 0 else "right", va="center", **style,
    )  # fmt: skip
