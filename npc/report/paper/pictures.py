"""The figures of a report."""

from pathlib import Path

from npc.prognosis.treatment import arms
from npc.report.cohort.flow_figure import draw_flow
from npc.report.kit.names import MODELS, NOT_ESTIMABLE
from npc.report.paper import kaplan_meier, nomogram, radiomic, roc, search
from npc.report.paper.kaplan_meier import Panel
from npc.report.paper.report import Report
from npc.report.paper.results import auc_in_words
from npc.report.paper.table2 import p_in_words


def draw(folder: Path, report: Report) -> dict[str, Path]:
    """Draws ROC curves (Fig. 3), Kaplan-Meier curves (Fig. 4) and nomograms; gives the PNG files by caption."""
    draw_flow(folder / "flow", report.found["flow"])
    drawn = {"Flow of patients": folder / "flow"}
    drawn |= {"ROC curves": folder / "roc", "Kaplan-Meier curves of risk groups, all cohorts": folder / "risk_groups"}
    words = {
        name: {split: auc_in_words(part["auc"], report.config.report.ci)
               for split, part in model.items() if isinstance(part, dict) and "auc" in part}
        for name, model in report.found["models"].items()
    }  # fmt: skip
    roc.draw(folder / "roc", report.patients, report.risks, words)
    kaplan_meier.draw(folder / "risk_groups", [_risk_groups(report, name) for name in report.models])
    panels = _treatment(report)
    if panels:
        kaplan_meier.draw(folder / "treatment", panels)
        drawn["Treatments within the risk groups"] = folder / "treatment"
    for name in ("combined", "clinical"):
        model = report.models.get(name)
        if model and model.fitted:
            scales = model.scales(report.patients)
            nomogram.draw(folder / f"nomogram_{name}", scales, float(model.fitted.coefficient[0]))
            drawn[f"Nomogram, {MODELS[name].lower()}"] = folder / f"nomogram_{name}"
    drawn |= radiomic.draw(folder, report.found["radiomics"])
    drawn |= search.draw(folder, report.found["search"])
    return {caption: path.with_name(f"{path.name}.png") for caption, path in drawn.items()}


def _risk_groups(report: Report, name: str) -> Panel:
    found = report.found["models"][name]["survival"]["pooled"]
    return Panel(MODELS[name], report.group(name), report.patients["time"], report.patients["event"], _words(found))


def _treatment(report: Report) -> list[Panel]:
    """Of the leading model, as Fig. 4e-f."""
    lead = next(iter(report.models))
    if lead not in report.found["treatment"]:
        return []
    arm, group = arms(report.patients, report.config.prognosis.treatment), report.group(lead)
    panels = []
    for level in group.cat.categories:
        here = group == level
        rows, found = report.patients[here], report.found["treatment"][lead][level.split()[0]]
        title = f"{level.capitalize()} ({MODELS[lead].lower()})"
        panels.append(Panel(title, arm[here], rows["time"], rows["event"], _words(found)))
    return panels


def _words(found: dict) -> str:
    p = p_in_words(found["logrank"]["p"])
    ratio = found["hazard_ratio"]
    if ratio["estimate"] is None:
        return f"log-rank P {p}; hazard ratio {NOT_ESTIMABLE}"
    low, high = ratio["ci"]
    equals = "" if p.startswith(("<", "n")) else "= "
    return f"log-rank P {equals}{p}\nhazard ratio {ratio['estimate']:.2f} ({low:.2f}–{high:.2f})"
