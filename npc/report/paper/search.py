"""The searches of a report as tables, text and figures: the best setting, how far it stands out, what it is worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import Rectangle

from npc.names import METHODS, NOT_ESTIMABLE, variant_in_words
from npc.prognosis.search import ALL, SearchResult, Setting
from npc.report.kit import words
from npc.report.kit.figure import PAGE, drawing
from npc.report.kit.page import Figure
from npc.statistics import NotEstimable

GRID = ("optimizer.lr", "optimizer.decay", "batch_size")  # across, down, panels
_WITHIN = "Within one standard error"
_WORTH = "AUC of the choice (95% interval)"
_CHANCE = "Best by chance (95th percentile)"
AXES = {
    "optimizer.lr": "learning rate",
    "optimizer.decay": "decay",
    "batch_size": "batch size",
    "radiomics.selection.chain": "steps",
}


def table(searches: Sequence[SearchResult], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a search; `labels` of the series."""
    return pd.DataFrame(
        {**_name(one, labels), "Runs": len(one.search.runs), **_best(one), **_price(one)} for one in searches
    )


def _name(one: SearchResult, labels: Mapping[str, str]) -> dict[str, str]:
    variant = one.search.variant
    return {
        "Method": METHODS[one.search.method],
        "Variant": "all variants" if variant == ALL else _title(variant, labels),
    }


def _best(one: SearchResult) -> dict[str, str]:
    choices = one.settings[0].choices if one.settings else {"variant": one.best.variant}
    error = one.standard_error
    return {
        "Best": choices_in_words(choices) or one.best.key,
        "Its AUC": f"{one.best.auc:.3f}",
        _WITHIN: "–" if isinstance(error, NotEstimable) else f"{error.within} (SE {error.se:.3f})",
    }


def _price(one: SearchResult) -> dict[str, str]:
    value, best = one.worth, one.chance
    return {
        _WORTH: NOT_ESTIMABLE if isinstance(value, NotEstimable) else words.with_interval(value.estimate, value.ci),
        "Optimism": words.number(one.optimism),
        _CHANCE: NOT_ESTIMABLE if isinstance(best, NotEstimable) else f"{best.mean:.3f} ({best.upper:.3f})",
        "P": words.p_of(best),
    }


def lines(searches: Sequence[SearchResult], labels: Mapping[str, str]) -> list[str]:
    """The same for a terminal, two lines a search."""
    printed = []
    for one, row in zip(searches, table(searches, labels).to_dict("records"), strict=True):
        p = words.p_in_text(getattr(one.chance, "p", None))
        printed += [
            f"{row['Method']}, {row['Variant']}, best of {row['Runs']}: {row['Best']}",
            f"    its AUC {row['Its AUC']}, {row[_WITHIN]} within one standard error; AUC of the choice {row[_WORTH]}, "
            f"optimism {row['Optimism']}; best by chance {row[_CHANCE]}, {p}",
        ]
    return printed


def settings_table(searches: Sequence[SearchResult]) -> pd.DataFrame:
    """A row a setting."""
    return pd.DataFrame(
        {"method": one.search.method, "variant": one.best.variant, "run_key": setting.run.key,
         "validation_auc": setting.run.auc, **setting.choices}
        for one in searches for setting in one.settings
    )  # fmt: skip


def text(searches: Sequence[SearchResult], labels: Mapping[str, str]) -> list[str]:
    """What a reader must know to read the table."""
    sizes = sorted({f"{len(one.search.label)} patients, {one.search.label.sum()} with the event" for one in searches})
    return [
        f"The best setting was chosen by its AUC in the internal validation cohort ({'; '.join(sizes)}), and by that "
        "choice its AUC there is too high. AUC of the choice: the mean, over bootstrap draws of these patients, of the "
        "AUC that the setting chosen by the drawn ones has in those left out (Tsamardinos 2018; slightly too low, for "
        "a draw holds two thirds of them). Best by chance: the highest AUC of the same settings when outcomes are "
        "permuted, and the share of permutations that reach the observed one (P). Within one standard error: settings "
        "whose AUC is no more than DeLong's standard error of the best below it.",
        *(f"{' '.join(_name(one, labels).values())}: {one.search.others} runs with other patients, splits or outcomes "
          "are left out"
          for one in searches if one.search.others),
        *(f"{' '.join(_name(one, labels).values())}: {note}" for one in searches for note in _notes(one)),
    ]  # fmt: skip


def _notes(one: SearchResult) -> list[str]:
    parts = (one.standard_error, one.worth, one.chance)
    notes = [f"{NOT_ESTIMABLE}: {part}" for part in parts if isinstance(part, NotEstimable)]
    if not isinstance(one.standard_error, NotEstimable) and one.standard_error.note:
        notes.insert(0, one.standard_error.note)
    return notes


def choices_in_words(choices: Mapping[str, Any]) -> str:
    """`batch size 4, learning rate 0.001`."""
    return ", ".join(f"{AXES.get(key, key)} {_value(value)}" for key, value in choices.items())


def draw(folder: Path, searches: Sequence[SearchResult], labels: Mapping[str, str]) -> list[Figure]:
    """A heat map of each variant's grid."""
    figures = []
    for one in searches:
        axes = [key for key in GRID if len({setting.choices.get(key) for setting in one.settings}) > 1]
        if axes:
            path = folder / f"search_{one.search.variant}"
            _grid(path, one.settings, axes)
            caption = f"Validation AUC over the grid, {_title(one.search.variant, labels)}; the best has a frame"
            figures.append(Figure(path, caption + _other_choices(one.settings)))
    return figures


def _other_choices(settings: Sequence[Setting]) -> str:
    others = [AXES.get(key, key) for key in settings[0].choices if key not in GRID]
    return f"; {', '.join(others)} differ as well, and a cell shows its best run" if others else ""


def _grid(path: Path, settings: Sequence[Setting], axes: Sequence[str]) -> None:
    """Panels side by side, one scale of colours; with the number in each cell."""
    across, down, panel = axes[0], *(*axes[1:], None, None)[:2]
    cells: dict[tuple, float] = {}
    for setting in settings:  # the best first
        cells.setdefault(tuple(key and setting.choices.get(key) for key in (across, down, panel)), setting.run.auc)
    values = [sorted({cell[i] for cell in cells}, key=_order) for i in range(3)]
    best = next(iter(cells))
    height = 30 + 7 * len(values[1])
    with drawing(path, width=PAGE, height=height) as figure:
        panels = figure.subplots(1, len(values[2]), squeeze=False, sharey=True)[0]
        limits = {"vmin": min(cells.values()), "vmax": max(cells.values()) or 1}
        for drawn, third in zip(panels, values[2], strict=True):
            shown = np.array([[cells.get((x, y, third), np.nan) for x in values[0]] for y in values[1]])
            image = drawn.imshow(shown, cmap="viridis", aspect="auto", **limits)
            for (row, column), auc in np.ndenumerate(shown):
                if np.isfinite(auc):
                    light = (auc - limits["vmin"]) > 0.6 * (limits["vmax"] - limits["vmin"])
                    drawn.text(column, row, f"{auc:.2f}".lstrip("0"), ha="center", va="center", fontsize=6,
                               color="black" if light else "white")  # fmt: skip
            drawn.set_xticks(range(len(values[0])), [_value(x) for x in values[0]], rotation=90)
            drawn.set_yticks(range(len(values[1])), [_value(y) for y in values[1]])
            drawn.tick_params(length=0)
            drawn.spines[:].set_visible(False)
            drawn.set_xlabel(AXES[across])
            if panel is not None:
                drawn.set_title(f"{AXES[panel]} {_value(third)}")
            if third == best[2]:
                corner = values[0].index(best[0]) - 0.5, values[1].index(best[1]) - 0.5
                drawn.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="#D55E00", linewidth=1.8, clip_on=False))
        if down:
            panels[0].set_ylabel(AXES[down])
        else:
            panels[0].set_yticks([])
        _scale(figure, image, list(panels))


def _scale(figure: MatplotlibFigure, image: Any, panels: list) -> None:
    figure.colorbar(image, ax=panels, label="AUC, internal validation", pad=0.01)


def _order(value: Any) -> tuple[bool, Any]:
    """Numbers by size, before words."""
    number = isinstance(value, int | float)
    return not number, value if number else str(value)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " + ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _title(variant: str, labels: Mapping[str, str]) -> str:
    series, slices = variant_in_words(variant, labels)
    return f"{series}, {slices.lower()}"
