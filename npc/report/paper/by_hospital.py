"""ROC, calibration and decision curves of the first model in each hospital of cohorts with several."""

from pathlib import Path

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.prognosis.hospitals import Hospital
from npc.report.kit.page import Figure
from npc.report.paper import calibration, decision_curve, roc

ACROSS = 3  # panels of a figure


def draw(folder: Path, analysis: Analysis) -> list[Figure]:
    """All of them, three hospitals a figure where these stand side by side; nothing where no cohort has several."""
    if not analysis.hospitals:
        return []
    lead, horizon = MODELS[next(iter(analysis.models))], analysis.choices.report.horizon
    drawn = []
    for number, first in enumerate(range(0, len(analysis.hospitals), ACROSS), start=1):
        part, end = analysis.hospitals[first : first + ACROSS], f"_{number}" if number > 1 else ""
        path = folder / f"roc_by_hospital{end}"
        roc.draw(path, [_roc(one, lead, analysis) for one in part])
        drawn.append(Figure(path, f"ROC curves by hospital, {lead.lower()}"))
        path = folder / f"decision_curve_by_hospital{end}"
        decision_curve.draw(
            path, [decision_curve.Panel(_title(one, analysis), {lead: one.times.net_benefit}) for one in part]
        )
        drawn.append(Figure(path, f"Decision curves by hospital, risk by month {horizon:g}, {lead.lower()}"))
    path = folder / "calibration_by_hospital"
    panels = [calibration.Panel(_title(one, analysis), one.times.calibration) for one in analysis.hospitals]
    calibration.draw(path, panels, event=analysis.choices.endpoint.name)
    return [*drawn, Figure(path, f"Calibration of the absolute risks by hospital, {lead.lower()}; shaded: 95% limits")]


def _roc(one: Hospital, lead: str, analysis: Analysis) -> roc.Panel:
    patients = analysis.patients
    here = (patients["split"] == one.split) & (patients["centre"].astype(str) == one.name)
    label = patients.loc[here, "label"]
    risk = next(iter(analysis.models.values())).model.held_out[label.index]
    return roc.Panel(_title(one, analysis), [roc.curve(lead, label, risk, one.auc, analysis.choices.report.ci)])


def _title(one: Hospital, analysis: Analysis) -> str:
    n, events = (sum(getattr(group, of) for group in one.survival.groups) for of in ("n", "events"))
    return f"{one.name} ({analysis.splits[one.split].lower()})\n{n} patients, {events} events"
