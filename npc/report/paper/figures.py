"""The figures of a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from npc.names import MODELS
from npc.prognosis.analysis import Analysis
from npc.report.kit.flow_figure import draw_flow
from npc.report.kit.page import Figure
from npc.report.paper import (
    by_hospital,
    calibration,
    decision_curve,
    effect_by_risk,
    forest,
    kaplan_meier,
    love_plot,
    nomogram,
    radiomic,
    roc,
    search,
)
from npc.report.paper.cohorts import Cohort, cohorts
from npc.statistics import NotEstimable


@dataclass(frozen=True)
class Figures:
    """What was drawn; a sequence is empty where there was nothing to draw."""

    flow: Figure
    roc: Figure
    risk_groups: Figure
    risk_groups_by_cohort: Sequence[Figure]
    calibration: Sequence[Figure]
    decision_curve: Figure
    by_hospital: Sequence[Figure]
    treatment: Sequence[Figure]
    subgroups: Sequence[Figure]
    nomograms: Sequence[Figure]
    correlations: Sequence[Figure]
    searches: Sequence[Figure]


def draw(folder: Path, analysis: Analysis) -> Figures:
    """Draws all of them: ROC curves (Fig. 3), Kaplan-Meier curves (Fig. 4), nomograms and what the paper lacks."""
    drawn = Figures(
        flow=Figure(folder / "flow", "Flow of patients"),
        roc=Figure(folder / "roc", "ROC curves"),
        risk_groups=Figure(
            folder / "risk_groups",
            "Kaplan-Meier curves of risk groups, all cohorts pooled, training patients among them",
        ),
        risk_groups_by_cohort=_by_cohort(folder, analysis),
        calibration=_calibration(folder, analysis),
        decision_curve=Figure(folder / "decision_curve", _decision_curve(analysis)),
        by_hospital=by_hospital.draw(folder, analysis),
        treatment=[*_treatment(folder / "treatment", analysis), *_treatment_beside(folder, analysis)],
        subgroups=_subgroups(folder / "subgroups", analysis),
        nomograms=_nomograms(folder, analysis),
        correlations=radiomic.draw(folder, analysis.radiomics, analysis.labels),
        searches=search.draw(folder, analysis.searches, analysis.labels),
    )
    draw_flow(drawn.flow.path, analysis.flow)
    decision_curve.draw(drawn.decision_curve.path, decision_curve.panels(analysis))
    roc.draw(drawn.roc.path, roc.panels(analysis))
    kaplan_meier.draw(drawn.risk_groups.path, kaplan_meier.risk_groups(analysis), endpoint=analysis.choices.endpoint)
    return drawn


def _by_cohort(folder: Path, analysis: Analysis) -> list[Figure]:
    drawn = []
    for cohort in cohorts(analysis):
        path = folder / f"risk_groups_{cohort.split}"
        kaplan_meier.draw(path, kaplan_meier.of_cohort(analysis, cohort.split), endpoint=analysis.choices.endpoint)
        drawn.append(Figure(path, f"Kaplan-Meier curves of risk groups, {_of(cohort)}"))
    if panels := kaplan_meier.hospitals(analysis):
        path, lead = folder / "risk_groups_by_hospital", MODELS[next(iter(analysis.models))].lower()
        kaplan_meier.draw(path, panels, endpoint=analysis.choices.endpoint)
        drawn.append(Figure(path, f"Kaplan-Meier curves of risk groups by hospital, {lead}"))
    return drawn


def _calibration(folder: Path, analysis: Analysis) -> list[Figure]:
    drawn = []
    for cohort in cohorts(analysis):
        path = folder / f"calibration_{cohort.split}"
        calibration.draw(path, calibration.panels(analysis, cohort.split), event=analysis.choices.endpoint.name)
        drawn.append(Figure(path, f"Calibration of the absolute risks, {_of(cohort)}; shaded: 95% limits"))
    return drawn


def _of(cohort: Cohort) -> str:
    return f"{cohort.title.lower()} ({cohort.n} patients, {cohort.events} events)"


def _decision_curve(analysis: Analysis) -> str:
    horizon, first = analysis.choices.report.horizon, MODELS[next(iter(analysis.models))].lower()
    return f"Decision curves of the absolute risk by month {horizon:g}; shaded: 95% limits of the {first}"


def _treatment(path: Path, analysis: Analysis) -> list[Figure]:
    panels = kaplan_meier.treatments(analysis)
    if not panels:
        return []
    kaplan_meier.draw(path, panels, endpoint=analysis.choices.endpoint)
    return [Figure(path, "Treatments within the risk groups, all hospitals pooled, training patients among them")]


def _treatment_beside(folder: Path, analysis: Analysis) -> list[Figure]:
    """Love plot of the leading model, and the effect against the risk by every model."""
    drawn = []
    found = analysis.treatment_beside
    if found and not isinstance(balance := next(iter(found.values())).balance, NotEstimable):
        path = folder / "balance"
        love_plot.draw(path, balance)
        drawn.append(Figure(path, f"Balance of the treatments, {MODELS[next(iter(found))].lower()}; grey: below 0.1"))
    curves = {MODELS[name]: one.by_risk for name, one in found.items() if not isinstance(one.by_risk, NotEstimable)}
    if curves:
        path = folder / "effect_by_risk"
        effect_by_risk.draw(path, curves)
        drawn.append(
            Figure(
                path,
                "Conditional effect of the treatment against the treatment-free risk; 95% limits; axis from 0.1 to 10",
            )
        )
    return drawn


def _subgroups(path: Path, analysis: Analysis) -> list[Figure]:
    """Of the leading model."""
    name, found = next(iter(analysis.subgroups.items()))
    if not found.by:
        return []
    forest.draw(path, found)
    return [Figure(path, f"Subgroups, {MODELS[name].lower()}; exploratory: many tests, see the warning")]


def _nomograms(folder: Path, analysis: Analysis) -> list[Figure]:
    drawn = []
    for name, result in analysis.models.items():
        if fitted := result.model.fitted:
            path = folder / f"nomogram_{name}"
            scales = list(result.model.scales(analysis.followed).values())
            nomogram.draw(path, scales, float(fitted.coefficient[0]), analysis.choices.endpoint.name)
            drawn.append(Figure(path, f"Nomogram, {MODELS[name].lower()}"))
    return drawn
