"""The tables of a report, as they are printed and as data."""

from typing import Any

import numpy as np
import pandas as pd

from npc.report.kit.names import COHORTS, MODELS, NOT_ESTIMABLE
from npc.report.paper import radiomic, search, table2, table3
from npc.report.paper.report import Report
from npc.report.paper.results import auc_in_words
from npc.report.paper.table2 import p_in_words
from npc.statistics.kaplan_meier import kaplan_meier


def tables(report: Report) -> dict[str, pd.DataFrame]:
    """All tables by the name of their file."""
    made = {
        "table2": table2.table(report.found["table2"]),
        "table3": table3.table(report.found["table3"], report.config.report.ci),
        "auc": aucs(report),
        "comparisons": comparisons(report),
        "classification": classification(report),
        "survival": survival(report),
        "univariate": univariate(report),
        "regression": regression(report),
        "treatment": treatment(report),
        "kaplan_meier": curves(report),
        "risks": risks(report),
        "radiomic_signatures": radiomic.signatures_table(report.found["radiomics"]),
        "radiomic_features": radiomic.features_table(report.found["radiomics"]),
        "search": search.table(report.found["search"]),
        "search_settings": search.settings_table(report.found["search"]),
    }
    return {name: table for name, table in made.items() if len(table)}


def aucs(report: Report) -> pd.DataFrame:
    """A row a model, a column a cohort."""
    return pd.DataFrame(
        {"Model": MODELS[name]}
        | {COHORTS[s]: auc_in_words(model[s]["auc"], report.config.report.ci) for s in COHORTS if s in model}
        for name, model in report.found["models"].items()
    )


def comparisons(report: Report) -> pd.DataFrame:
    """Paired DeLong tests."""
    rows = []
    for pair, by_split in report.found["comparisons"].items():
        one, other = pair.split("__")
        for split in (s for s in COHORTS if s in by_split):
            test = by_split[split]
            rows.append({"Models": f"{MODELS[one]} – {MODELS[other]}", "Cohort": COHORTS[split],
                         "Difference of AUC": _number(test["difference"]), "z": _number(test["z"], 2),
                         "P value": p_in_words(test["p"]), "P value (Holm)": p_in_words(test["p_holm"])})  # fmt: skip
    return pd.DataFrame(rows)


def classification(report: Report) -> pd.DataFrame:
    """Sensitivity and so on at Youden's threshold of the training cohort."""
    rows = []
    for name, model in report.found["models"].items():
        for split in (s for s in COHORTS if s in model):
            shares = model["classification"][split]
            rows.append({"Model": MODELS[name], "Cohort": COHORTS[split], "Threshold": _number(model["threshold"])}
                        | {_SHARES[share]: _interval(cell) for share, cell in shares.items()})  # fmt: skip
    return pd.DataFrame(rows)


def survival(report: Report) -> pd.DataFrame:
    """High against low risk by cohort."""
    rows = []
    for name, model in report.found["models"].items():
        for split in (*COHORTS, "pooled"):
            if split in model["survival"]:
                rows.append({"Model": MODELS[name], "Cohort": COHORTS.get(split, "All cohorts")}
                            | _survival(model["survival"][split]))  # fmt: skip
    return pd.DataFrame(rows)


def univariate(report: Report) -> pd.DataFrame:
    """The tests by which clinical variables were taken."""
    return pd.DataFrame(
        {"Variable": name, "Test": test["test"] or NOT_ESTIMABLE, "P value": p_in_words(test["p"]),
         "Taken": "yes" if test["significant"] else "no"}
        for name, test in report.found["univariate"].items()
    )  # fmt: skip


def regression(report: Report) -> pd.DataFrame:
    """Coefficients and odds ratios of the fitted models."""
    return pd.DataFrame(
        {"Model": MODELS[name], "Term": term["term"], "Coefficient": _number(term["coefficient"]),
         "Odds ratio": _interval({"estimate": term["odds_ratio"], "ci": term["ci"]}, 2) if "odds_ratio" in term else "",
         "P value": p_in_words(term["p"]), "Fit": model["regression"]["method"]}
        for name, model in report.found["models"].items() if "regression" in model
        for term in model["regression"]["terms"]
    )  # fmt: skip


def treatment(report: Report) -> pd.DataFrame:
    """Additional against standard treatment within risk groups."""
    rows = []
    for name, found in report.found["treatment"].items():
        for level in ("low", "high"):
            if level in found:
                part = found[level]
                months = part["rmst_difference"] | {"estimate": part["rmst_difference"]["months"]}
                rows.append({"Groups of": MODELS[name], "Risk": level} | _survival(part)
                            | {"Hazard ratio (IPTW)": _interval(part["iptw_hazard_ratio"], 2),
                               "Difference of restricted means (months)": _interval(months, 1),
                               "P of interaction": p_in_words(found["interaction"]["p"])})  # fmt: skip
    return pd.DataFrame(rows)


def curves(report: Report) -> pd.DataFrame:
    """The Kaplan-Meier curves of all models' groups as data, of all cohorts together."""
    parts = []
    time, event = report.patients["time"], report.patients["event"]
    for name in report.models:
        group = report.group(name)
        for level in group.cat.categories:
            here = group == level
            if here.any():
                curve = kaplan_meier(time[here], event[here])
                columns = {"months": curve.time, "survival": curve.survival, "lower": curve.lower, "upper": curve.upper,
                           "at_risk": curve.at_risk, "events": curve.events}  # fmt: skip
                parts.append(pd.DataFrame({"model": name, "group": level, **columns}))
    return pd.concat(parts, ignore_index=True)


def risks(report: Report) -> pd.DataFrame:
    """Every patient's risk by each model, and the risk groups."""
    grouped = {f"{name}_group": report.group(name).astype(str) for name in report.models}
    parts = [report.patients[["split", "label", "time", "event"]], report.risks, pd.DataFrame(grouped)]
    return pd.concat(parts, axis=1).rename_axis("patient_id").reset_index()


_SHARES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "accuracy": "Accuracy",
}


def _survival(found: dict[str, Any]) -> dict[str, str]:
    medians = {level: found["medians"].get(level, {}).get("months") for level in found["groups"]}
    return {
        **{f"{level}: events / patients": f"{n['events']} / {n['n']}" for level, n in found["groups"].items()},
        **{f"{level}: median DMFS": "not reached" if m is None else f"{m:.1f}" for level, m in medians.items()},
        "Log-rank P": p_in_words(found["logrank"]["p"]),
        "Hazard ratio": _interval(found["hazard_ratio"], 2),
    }


def _number(value: float | None, digits: int = 3) -> str:
    return NOT_ESTIMABLE if value is None else f"{value:.{digits}f}"


def _interval(cell: dict[str, Any], digits: int = 3) -> str:
    if cell["estimate"] is None:
        return NOT_ESTIMABLE
    low, high = (f"{x:.{digits}f}" if np.isfinite(x) else "∞" for x in cell["ci"])
    return f"{cell['estimate']:.{digits}f} ({low}{' to ' if cell['ci'][0] < 0 else '–'}{high})"
