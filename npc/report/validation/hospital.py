"""The report of `npc validate` for the hospital whose patients were predicted."""

from pathlib import Path

import pandas as pd

from npc.bundle.read import Bundle
from npc.report.kit import words
from npc.report.kit.folder import write_results, write_table
from npc.report.kit.page import Figure, Section, write_page
from npc.report.paper import calibration, decision_curve, forest, kaplan_meier
from npc.report.paper.result_parts import Json, note
from npc.report.paper.results_models import external
from npc.report.paper.results_times import estimate
from npc.statistics import NotEstimable
from npc.statistics.brier import Brier
from npc.statistics.estimate import Estimate
from npc.validation.measure import Validation
from npc.validation.recalibration import Recalibrated

_RECALIBRATION = (
    "How the absolute risk fits as it is, with another baseline (intercept), and with another slope, too. The last two "
    "are fitted to the same patients, so they look better than they are; an intercept needs fewer events than a slope."
)
_READING = {
    "Of the model in these patients": "AUC and concordance: 0.5 is chance; observed over expected events and slope: 1 "
    "is right; Brier score and ICI: lower is better.",
    "Absolute risk": "Observed over expected events of 1 and a lower Brier score are better; a slope below 1 means "
    "predictions that are too extreme.",
}
_METHODS = {"none": "As it is", "intercept": "Another intercept", "slope": "Another intercept and slope"}


def write_report(folder: Path, bundle: Bundle, found: Validation) -> None:
    """Writes `results.json`, `tables/`, `figures/` and `report.html`.

    Args:
        folder: of the report.
        bundle: the model.
        found: its figures.
    """
    endpoint = bundle.about["endpoint"]
    write_results(folder, as_json(found))
    tables = {"figures": figures_table(found), "recalibration": recalibration_table(found)}
    for name, table in tables.items():
        write_table(folder, name, table)
    title, home = bundle.about["title"], folder / "figures"
    kaplan_meier.draw(home / "risk_groups", [kaplan_meier.panel(title, found.survival)], endpoint=endpoint, columns=1)
    calibration.draw(
        home / "calibration",
        [calibration.Panel(title, found.times.calibration)],
        event=endpoint["name"],
        columns=1,
    )
    decision_curve.draw(home / "decision_curve", [decision_curve.Panel(title, {title: found.times.net_benefit})])
    drawn = [
        Figure(home / "risk_groups", "Kaplan-Meier curves of the risk groups by the cut-off of the training cohort"),
        Figure(home / "calibration", f"Observed against predicted risk by month {found.horizon:g}"),
        Figure(home / "decision_curve", f"Decision curve by month {found.horizon:g}"),
    ]
    more = []
    if found.subgroups:
        forest.draw(home / "subgroups", found.subgroups)
        more = [Section("Subgroups", (), {}, [Figure(home / "subgroups", "Hazard ratio of the risk in subgroups")])]
    number = len(found.patients)
    text = [f"{number} patients, {int(found.patients['event'].sum())} with {endpoint['name']}. 95% intervals."]
    sections = [
        Section("Figures", text, {"Of the model in these patients": tables["figures"]}, drawn, _READING),
        Section("Recalibration", [_RECALIBRATION], {"Absolute risk": tables["recalibration"]}, reading=_READING),
        *more,
    ]
    write_page(folder / "report.html", f"Validation: {title}", sections)


def as_json(found: Validation) -> Json:
    """Every figure; keys as of a cohort in the `results.json` of a report, and `recalibration`."""
    return {
        **external(found.auc, found.classification, found.survival, found.times),
        "recalibration": {of.method: _recalibrated(of) for of in found.recalibrated},
    }


def _recalibrated(of: Recalibrated) -> Json:
    values = {name: getattr(of, name) for name in ("intercept", "slope")}
    written: Json = {name: None if isinstance(value, NotEstimable) else value for name, value in values.items()}
    reasons = [value for value in values.values() if isinstance(value, NotEstimable)]
    return {
        **written,
        "oe": estimate(of.oe),
        "brier": estimate(_score(of.brier)),
        **(note(reasons[0]) if reasons else {}),
    }


def figures_table(found: Validation) -> pd.DataFrame:
    """Discrimination, calibration and risk groups."""
    times, smooth = found.times, found.times.calibration.smoothed
    rows = [
        ("AUC", words.auc(found.auc, "logit")),
        ("Harrell's concordance", words.estimate(times.concordance["harrell"])),
        ("Uno's concordance", words.estimate(times.concordance["uno"])),
        *((f"AUC at {month} months", words.estimate(of)) for month, of in times.auc_at.items()),
        *((f"Brier score at {month} months", words.estimate(_score(of))) for month, of in times.brier_at.items()),
        ("Observed / expected", words.estimate(times.calibration.oe, 2)),
        ("Calibration intercept", words.estimate(times.calibration.intercept, 2)),
        ("Calibration slope", words.estimate(times.calibration.slope, 2)),
        ("ICI", words.estimate(smooth if isinstance(smooth, NotEstimable) else smooth.ici)),
        ("High against low risk: hazard ratio", words.hazard_ratio(found.survival.hazard_ratio)),
        ("High against low risk: log-rank P", words.p_of(found.survival.logrank)),
        *(
            (name.upper() if len(name) == 3 else name.capitalize(), words.with_interval(of.estimate, of.ci, 2))
            for name, of in found.classification.items()
        ),
    ]
    return pd.DataFrame(rows, columns=["Figure", "Value (95% interval)"])


def recalibration_table(found: Validation) -> pd.DataFrame:
    """A row for each kind."""
    return pd.DataFrame(
        {
            "Recalibration": _METHODS[of.method],
            "Intercept": words.number(of.intercept, 2),
            "Slope": words.number(of.slope, 2),
            "Observed / expected": words.estimate(of.oe, 2),
            "Brier score": words.estimate(_score(of.brier)),
        }
        for of in found.recalibrated
    )


def _score(found: Brier | NotEstimable) -> Estimate | NotEstimable:
    return found if isinstance(found, NotEstimable) else found.score
