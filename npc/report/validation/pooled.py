"""The report of `npc validate pool`: several hospitals together, with forest plots."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from npc.names import NOT_ESTIMABLE
from npc.report.kit import words
from npc.report.kit.figure import PAGE, drawing
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.page import Figure, Section, write_page
from npc.report.paper.result_parts import Json, note
from npc.statistics import NotEstimable
from npc.validation.pool import TITLES, Pooled

LINE, FRAME = 5.0, 22.0  # mm
_RIGHT = {"intercept": 0.0, "slope": 1.0}  # what a figure of calibration should be
_EXACT = (
    "From counts and sums: what an analysis of all patients in one place gives. Concordance and AUC are of pairs of "
    "patients of one hospital, and the log-rank test is stratified by hospital."
)
_RANDOM = (
    "By random effects (restricted maximum likelihood, intervals of Hartung and Knapp). The prediction interval is "
    "where the figure of another hospital is to be expected."
)
_READING = {
    "Patients": "A hospital with few events says little by itself.",
    "All hospitals": "AUC and concordance: 0.5 is chance; observed over expected events and slope: 1 is right.",
}


def write_report(
    folder: Path, hospitals: Mapping[str, Mapping[str, Any]], exact: Json, pooled: Mapping[str, Pooled]
) -> None:
    """Writes `results.json`, `tables/pooled.csv`, `figures/forest_*` and `report.html`.

    Args:
        folder: of the report.
        hospitals: aggregates by name.
        exact: of `npc.validation.pool.exact`.
        pooled: of `npc.validation.pool.pooled`.
    """
    first = next(iter(hospitals.values()))
    write_results(folder, {"exact": exact, "random_effects": {name: _json(of) for name, of in pooled.items()}})
    table = _table(pooled)
    write_table(folder, "pooled", table)
    drawn = []
    for name, of in pooled.items():
        draw(folder / "figures" / f"forest_{name}", TITLES[name], of, right=_RIGHT.get(name))
        drawn.append(Figure(folder / "figures" / f"forest_{name}", f"{TITLES[name]} by hospital, and pooled"))
    counts = pd.DataFrame(
        {"Hospital": name, "Patients": of["patients"], "Events": of["events"]} for name, of in hospitals.items()
    )
    sections = [
        Section("Hospitals", (), {"Patients": counts}, reading=_READING),
        Section("Pooled exactly", [_EXACT], {"All hospitals": _exact_table(exact)}, reading=_READING),
        Section("Pooled by random effects", [_RANDOM], {"All hospitals": table}, drawn, _READING),
    ]
    write_page(folder / "report.html", f"Validation at {len(hospitals)} hospitals: {first['title']}", sections)


def draw(path: Path, title: str, found: Pooled, right: float | None = None) -> None:
    """A forest plot: each hospital with its interval, the mean as a diamond, the prediction interval as a bar.

    Args:
        path: without suffix.
        title: of the figure.
        found: what it shows.
        right: a line at the value that is right.
    """
    rows = len(found.hospitals)
    with drawing(path, width=PAGE, height=FRAME + LINE * (rows + 2)) as figure:
        axes = figure.subplots()
        labels = [f"{of.name} ({of.events} / {of.patients})" for of in found.hospitals]
        for row, of in enumerate(found.hospitals):
            axes.plot(of.ci, [row, row], color="black", linewidth=0.8)
            axes.plot(of.estimate, row, "s", color="black", markersize=3)
        if found.estimate is not None and found.ci is not None:
            labels.append("mean")
            low, high = found.ci
            axes.fill([low, found.estimate, high, found.estimate], [rows, rows - 0.3, rows, rows + 0.3], color="0.3")
        if not isinstance(found.prediction, NotEstimable):
            labels.append("another hospital")
            axes.plot(found.prediction, [rows + 1, rows + 1], color="0.5", linewidth=3, solid_capstyle="butt")
        if right is not None:
            axes.axvline(right, color="0.6", linewidth=0.6)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(rows + 1.6, -0.6)
        axes.set_xlabel(f"{title} (95% interval); events / patients beside each hospital")


def _json(of: Pooled) -> Json:
    spread = dict.fromkeys(("tau2", "i2", "q_p"))
    if not isinstance(of.effects, NotEstimable):
        spread = {name: getattr(of.effects, name) for name in spread}
    return {
        "estimate": of.estimate,
        "ci": of.ci and list(of.ci),
        "prediction": None if isinstance(of.prediction, NotEstimable) else list(of.prediction),
        **spread,
        "hospitals": {one.name: {"estimate": one.estimate, "ci": list(one.ci)} for one in of.hospitals},
        **(note(of.prediction) if isinstance(of.prediction, NotEstimable) else {}),
    }


def _table(pooled: Mapping[str, Pooled]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Figure": TITLES[name],
            "Hospitals": len(of.hospitals),
            "Mean (95% interval)": words.with_interval(of.estimate, of.ci),
            "Prediction interval": NOT_ESTIMABLE
            if isinstance(of.prediction, NotEstimable)
            else " to ".join(f"{limit:.3f}" for limit in of.prediction),
            "I²": NOT_ESTIMABLE if isinstance(of.effects, NotEstimable) else f"{100 * of.effects.i2:.0f}%",
        }
        for name, of in pooled.items()
    )


def _exact_table(exact: Json) -> pd.DataFrame:
    titles = {
        "patients": "Patients",
        "events": "Events",
        "auc_within_hospitals": "AUC, pairs within hospitals",
        "harrell_within_hospitals": "Harrell's concordance, pairs within hospitals",
        "observed_expected": "Observed / expected events",
        "hazard_ratio_peto": "High against low risk: hazard ratio (Peto)",
        "logrank_stratified": "High against low risk: stratified log-rank P",
    }
    rows = [(title, _in_words(exact[name])) for name, title in titles.items() if name in exact]
    return pd.DataFrame(rows, columns=["Figure", "Value"])


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return words.p_value(value["p"]) if "p" in value else words.with_interval(value["estimate"], value["ci"], 2)
    return str(value) if isinstance(value, int) else f"{value:.3f}"
