"""Tables of internal validity, subgroups, ablations and missing values."""

import numpy as np
import pandas as pd

from npc.names import METHODS, MODELS, NOT_ESTIMABLE, variant_in_words
from npc.prognosis.ablations import Paired
from npc.prognosis.analysis import Analysis
from npc.report.kit import words
from npc.statistics import NotEstimable
from npc.statistics.internal_validation import NestedCv


def tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """By the name of their file."""
    return {
        "validity": validity(analysis),
        "subgroups": subgroups(analysis),
        "ablations": ablations(analysis),
        "missing": missing(analysis),
        "imputed_regression": imputed(analysis),
    }


def validity(analysis: Analysis) -> pd.DataFrame:
    """A row a model."""
    rows = []
    for name, found in analysis.validity.items():
        of = found.optimism
        boot = (None,) * 3 if isinstance(of, NotEstimable) else (of.apparent, of.optimism, of.corrected)
        titles = ("Apparent AUC", "Optimism", "Corrected AUC")
        rows.append({
            "Model": MODELS[name],
            **_repeated(found.nested_cv),
            **{title: words.number(value) for title, value in zip(titles, boot, strict=True)},
        })  # fmt: skip
    return pd.DataFrame(rows)


def _repeated(found: NestedCv | NotEstimable) -> dict[str, str]:
    mean, over = "Nested cross-validation: AUC", "SD (range) over repeats"
    if isinstance(found, NotEstimable):
        return {mean: NOT_ESTIMABLE, over: ""}
    auc = found.auc
    if auc.sd is None:
        return {mean: words.number(auc.mean), over: "one repeat"}
    repeats = f"{auc.sd:.3f} ({auc.low:.3f} to {auc.high:.3f}; {len(auc.values)} repeats)"
    return {mean: words.number(auc.mean), over: repeats}


def subgroups(analysis: Analysis) -> pd.DataFrame:
    """A row a subgroup; tests of interaction stand in the first row of a variable."""
    rows = []
    for name, found in analysis.subgroups.items():
        for division in found.by.values():
            for number, (level, group) in enumerate(division.groups.items()):
                rows.append({
                    "Model": MODELS[name], "Variable": division.title, "Level": level,
                    "Events / patients": f"{group.events} / {group.n}",
                    "Hazard ratio of one SD": words.hazard_ratio(group.hazard_ratio),
                    "P of interaction": words.p_of(division.interaction) if number == 0 else "",
                    "P of interaction (Holm)": words.p_value(division.p_holm) if number == 0 else "",
                })  # fmt: skip
    return pd.DataFrame(rows)


def ablations(analysis: Analysis) -> pd.DataFrame:
    """A row a variant."""
    found = analysis.ablations
    rows = []
    for one in found.variants:
        sequence, slices = variant_in_words(one.run.variant, analysis.labels)
        row = {"Method": METHODS[one.run.method], "Series": sequence, "Slices": slices}
        for split, paired in one.against.items():
            title = analysis.splits[split]
            row |= {
                f"{title}: difference of AUC": _difference(paired),
                f"{title}: P value": words.p_of(paired.test),
                f"{title}: P value (Holm)": words.p_value(paired.p_holm),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _difference(found: Paired) -> str:
    if isinstance(found.test, NotEstimable):
        return NOT_ESTIMABLE
    return words.with_interval(found.test.difference, found.ci) if found.ci else words.number(found.test.difference)


def missing(analysis: Analysis) -> pd.DataFrame:
    """A row a variable of which a value is missing; the last row counts patients without any missing value."""
    found, titles = analysis.missing, {test.variable.name: test.variable.title for test in analysis.univariate}
    rows = [
        {"Variable": titles[name]}
        | {analysis.splits[split]: f"{count} of {found.n[split]}" for split, count in of.items()}
        for name, of in found.variables.items()
        if any(of.values())
    ]
    if not rows:
        return pd.DataFrame()
    complete = {analysis.splits[split]: f"{count} of {found.n[split]}" for split, count in found.complete.items()}
    return pd.DataFrame([*rows, {"Variable": "Patients with all values", **complete}])


def imputed(analysis: Analysis) -> pd.DataFrame:
    """Odds ratios over the imputations beside those of the simple fill."""
    rows = []
    for name, pooled in analysis.missing.pooled.items():
        simple = analysis.models[name].model.regression()
        for i, term in enumerate(simple):
            if isinstance(pooled, NotEstimable):
                shown = {"Imputed: odds ratio": f"{NOT_ESTIMABLE}: {pooled}"}
            else:
                ratio, *ci = (float(np.exp(of[i])) for of in (pooled.coefficient, pooled.lower, pooled.upper))
                shown = {
                    "Imputed: odds ratio": words.with_interval(ratio, ci, 2) if i else "",
                    "Imputed: P value": words.p_value(float(pooled.p[i])),
                    "Missing information": f"{pooled.fraction[i]:.0%}",
                }
            rows.append({
                "Model": MODELS[name], "Term": term.label,
                "Simple fill: odds ratio": words.with_interval(term.odds_ratio, term.ci, 2) if term.ci else "",
                "Simple fill: P value": words.p_value(term.p), **shown,
            })  # fmt: skip
    return pd.DataFrame(rows)
