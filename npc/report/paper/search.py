"""The searches of a report: the best setting of a variant, how far it stands out, and what it is worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from npc.prognosis.runs import Run
from npc.prognosis.search import Search, differing, searches
from npc.report.kit.figure import PAGE, drawing
from npc.report.kit.names import METHODS, NOT_ESTIMABLE, SLICES, series
from npc.report.paper.results import estimated
from npc.report.paper.table2 import p_in_words
from npc.statistics.delong import delong
from npc.statistics.optimism import chance, worth

Figures = dict[str, Any]
GRID = ("optimizer.lr", "optimizer.decay", "batch_size")  # across, down, panels
_WITHIN = "Within one standard error"
_WORTH = "AUC of the choice (95% interval)"
_CHANCE = "Best by chance (95th percentile)"
AXES = {"optimizer.lr": "learning rate", "optimizer.decay": "decay", "batch_size": "batch size"}


def figures(runs: Sequence[Run], *, draws: int, seed: int) -> Figures:
    """`search` of results.json, by `<method>/<variant>`; `<method>/all` is the choice among all variants.

    Args:
        runs: all finished ones.
        draws: of the bootstrap, and permutations.
        seed: of the draws.
    """
    return {f"{one.method}/{one.variant}": _search(one, draws, seed) for one in searches(runs)}


def _search(search: Search, draws: int, seed: int) -> Figures:
    label, risks, best = search.label, search.risks, search.runs[0]
    found = {
        "runs": len(search.runs),
        "others": search.others,
        "patients": len(label),
        "events": int(label.sum()),
        "run_key": best.key,
        "variant": best.variant,
        "auc": best.auc,
        "standard_error": estimated(["se", "within"], _within, label, risks, [run.auc for run in search.runs]),
        "worth": estimated(["estimate", "ci", "optimism", "draws"], _worth, search, draws, seed),
        "chance": estimated(["mean", "upper", "p"], _chance, search, draws, seed),
    }
    if search.variant == "all":
        return found
    settings = [
        {"run_key": run.key, "auc": run.auc, "choices": choices}
        for run, choices in zip(search.runs, differing(search.runs), strict=True)
    ]
    return found | {"settings": settings}


def _within(label: np.ndarray, risks: np.ndarray, aucs: Sequence[float]) -> Figures:
    """DeLong's standard error of the best, and how many settings lie no more than that below it, itself among them."""
    se = float(np.sqrt(delong(label, risks[:, 0]).covariance[0, 0]))
    if np.isnan(se):
        return {"se": None, "within": None, "note": f"{NOT_ESTIMABLE}: one patient of a class gives no variance"}
    told = {} if se else {"note": f"an AUC of {aucs[0]:g} has no variance; those that reach it are counted"}
    return {"se": se, "within": int(sum(auc >= aucs[0] - se for auc in aucs)), **told}


def _worth(search: Search, draws: int, seed: int) -> Figures:
    found = worth(search.label, search.risks, search.losses, draws=draws, seed=seed)
    optimism = search.runs[0].auc - found.estimate
    return {"estimate": found.estimate, "ci": list(found.ci), "optimism": optimism, "draws": found.draws}


def _chance(search: Search, draws: int, seed: int) -> Figures:
    return vars(chance(search.label, search.risks, draws=draws, seed=seed))


def table(found: Mapping[str, Figures]) -> pd.DataFrame:
    """A row a search."""
    return pd.DataFrame(_named(name) | {"Runs": one["runs"]} | _best(one) | _price(one) for name, one in found.items())


def _named(name: str) -> dict[str, str]:
    method, variant = name.split("/")
    if variant == "all":
        return {"Method": METHODS[method], "Variant": "all variants"}
    return {"Method": METHODS[method], "Variant": _title(variant)}


def _best(one: Figures) -> dict[str, str]:
    settings = one.get("settings", [{"choices": {"variant": one["variant"]}}])
    return {
        "Best": choices_in_words(settings[0]["choices"]) or one["run_key"],
        "Its AUC": f"{one['auc']:.3f}",
        _WITHIN: "–"
        if one["standard_error"]["within"] is None
        else f"{one['standard_error']['within']} (SE {one['standard_error']['se']:.3f})",
    }


def _price(one: Figures) -> dict[str, str]:
    value, chances = one["worth"], one["chance"]
    return {
        _WORTH: NOT_ESTIMABLE
        if value["estimate"] is None
        else f"{value['estimate']:.3f} ({value['ci'][0]:.3f}–{value['ci'][1]:.3f})",
        "Optimism": NOT_ESTIMABLE if value["estimate"] is None else f"{value['optimism']:.3f}",
        _CHANCE: f"{chances['mean']:.3f} ({chances['upper']:.3f})",
        "P": p_in_words(chances["p"]),
    }


def lines(found: Mapping[str, Figures]) -> list[str]:
    """The same for a terminal, two lines a search."""
    told = []
    for row in table(found).to_dict("records"):
        told += [
            f"{row['Method']}, {row['Variant']}, best of {row['Runs']}: {row['Best']}",
            f"    its AUC {row['Its AUC']}, {row[_WITHIN]} within one standard error; AUC of the choice {row[_WORTH]}, "
            f"optimism {row['Optimism']}; best by chance {row[_CHANCE]}, P {row['P']}",
        ]
    return told


def settings_table(found: Mapping[str, Figures]) -> pd.DataFrame:
    """A row a setting."""
    return pd.DataFrame(
        {"method": name.split("/")[0], "variant": one["variant"], "run_key": setting["run_key"],
         "validation_auc": setting["auc"], **setting["choices"]}
        for name, one in found.items() for setting in one.get("settings", ())
    )  # fmt: skip


def text(found: Mapping[str, Figures]) -> list[str]:
    """What a reader must know to read the table."""
    sizes = sorted({f"{one['patients']} patients, {one['events']} with the event" for one in found.values()})
    return [
        f"The best setting was chosen by its AUC in the internal validation cohort ({'; '.join(sizes)}), and by that "
        "choice its AUC there is too high. AUC of the choice: the mean, over bootstrap draws of these patients, of the "
        "AUC that the setting chosen by the drawn ones has in those left out (Tsamardinos 2018; slightly too low, for "
        "a draw holds two thirds of them). Best by chance: the highest AUC of the same settings when outcomes are "
        "shuffled, and the share of shuffles that reach the observed one (P). Within one standard error: settings "
        "whose AUC is no more than DeLong's standard error of the best below it.",
        *(f"{' '.join(_named(name).values())}: {one['others']} runs with other validation patients are left out"
          for name, one in found.items() if one["others"]),
        *(f"{' '.join(_named(name).values())}: {part['note']}" for name, one in found.items()
          for part in (one["standard_error"], one["worth"], one["chance"]) if "note" in part),
    ]  # fmt: skip


def choices_in_words(choices: Mapping[str, Any]) -> str:
    """`batch size 4, learning rate 0.001`."""
    return ", ".join(f"{AXES.get(key, key)} {_value(value)}" for key, value in choices.items())


def draw(folder: Path, found: Mapping[str, Figures]) -> dict[str, Path]:
    """A heat map of each variant's grid; paths without suffix, by caption."""
    drawn = {}
    for name, one in found.items():
        variant = name.split("/")[1]
        settings = one.get("settings", [])
        axes = [key for key in GRID if len({setting["choices"].get(key) for setting in settings}) > 1]
        if axes:
            path = folder / f"search_{variant}"
            _grid(path, settings, axes)
            drawn[f"Validation AUC over the grid, {_title(variant)}; the best has a frame{_besides(settings)}"] = path
    return drawn


def _besides(settings: Sequence[Figures]) -> str:
    others = [AXES.get(key, key) for key in settings[0]["choices"] if key not in GRID]
    return f"; {', '.join(others)} differ besides, and a cell shows its best run" if others else ""


def _grid(path: Path, settings: Sequence[Figures], axes: Sequence[str]) -> None:
    """Panels side by side, one scale of colours; the number stands in each cell."""
    across, down, panel = axes[0], *(*axes[1:], None, None)[:2]
    cells: dict[tuple, float] = {}
    for setting in settings:  # the best first
        cells.setdefault(tuple(setting["choices"].get(key) for key in (across, down, panel)), setting["auc"])
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
                    drawn.text(column, row, f"{auc:.2f}".lstrip("0"), ha="center", va="center", fontsize=5.5,
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


def _scale(figure: Figure, image: Any, panels: list) -> None:
    figure.colorbar(image, ax=panels, label="AUC, internal validation", pad=0.01)


def _order(value: Any) -> tuple[bool, Any]:
    """Numbers by size, before words."""
    number = isinstance(value, int | float)
    return not number, value if number else str(value)


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _title(variant: str) -> str:
    sequence, slices = variant.rsplit("-", 1)
    return f"{series(sequence)}, {SLICES.get(slices, slices).lower()}"
