"""Table 2: the cohorts' characteristics, compared by the tests of the paper and by those that its Methods names."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.prognosis.univariate import levels
from npc.report.kit.names import COHORTS, NOT_ESTIMABLE
from npc.report.paper.results import Figures, estimated, tested
from npc.statistics.association import (
    Association,
    anova_or_t,
    chi_squared_or_fisher,
    kruskal_wallis_of_levels,
    likelihood_ratio,
)

_NAMES = ("test", "statistic", "df", "p")


def figures(patients: pd.DataFrame, variables: Sequence[Variable], tests: str) -> Figures:
    """`table2` of results.json, by variable.

    Categorical: `paper` is the likelihood-ratio chi-squared, which all seven printed P values are; `methods` is
    Kruskal-Wallis for ordered levels and else chi-squared, or Fisher's exact where expected counts are low. Continuous:
    analysis of variance (t test of two cohorts) for both.

    Args:
        patients: with the variables and `split`.
        variables: declared.
        tests: whose P value the table prints, `paper` or `methods`.
    """
    return {variable.name: _variable(patients, variable, tests) for variable in variables}


def table(found: Figures) -> pd.DataFrame:
    """The same as it is printed."""
    rows = []
    for name, variable in found.items():
        heading = {"Characteristic": name, "P value": p_in_words(variable["p"])}
        if "counts" not in variable:
            cells = {COHORTS[s]: _mean(v) for s, v in variable["mean"].items()}
            rows.append({"Characteristic": f"{name}, mean (range)", **cells, "P value": p_in_words(variable["p"])})
            continue
        rows.append(heading)
        for level, counts in variable["counts"].items():
            cells = {COHORTS[s]: _share(n, variable["n"][s]) for s, n in counts.items()}
            rows.append({"Characteristic": f"  {level}", **cells})
        if any(variable["missing"].values()):
            rows.append(
                {"Characteristic": "  not known", **{COHORTS[s]: str(n) for s, n in variable["missing"].items()}}
            )
    columns = ["Characteristic", *(name for split, name in COHORTS.items()), "P value"]
    return pd.DataFrame(rows, columns=columns).dropna(axis="columns", how="all").fillna("")


def p_in_words(p: float | None) -> str:
    """Three decimals, `<0.001`, or not estimable."""
    return NOT_ESTIMABLE if p is None else "<0.001" if p < 0.0005 else f"{p:.3f}"


def _variable(patients: pd.DataFrame, variable: Variable, tests: str) -> Figures:
    splits = [split for split in COHORTS if (patients["split"] == split).any()]
    parts = {split: patients[patients["split"] == split] for split in splits}
    missing = {split: int(rows[variable.name].isna().sum()) for split, rows in parts.items()}
    found: Figures = {"n": {split: len(rows) - missing[split] for split, rows in parts.items()}, "missing": missing}
    by_test: dict[str, Any]
    if variable.kind == "continuous" and not variable.cut:
        values = {split: rows[variable.name].dropna() for split, rows in parts.items()}
        found["mean"] = {split: _summary(known) for split, known in values.items()}
        both = estimated(_NAMES, _tested, anova_or_t, [known.to_numpy() for known in values.values()])
        by_test = {"paper": both, "methods": both}
    else:
        counts = pd.crosstab(levels(patients, variable), patients["split"], dropna=False).reindex(columns=splits)
        counts = counts[counts.index.notna()].fillna(0).astype(int)
        found["counts"] = {str(level): {s: int(row[s]) for s in splits} for level, row in counts.iterrows()}
        table = np.asarray(counts)
        of_methods = kruskal_wallis_of_levels if variable.kind == "ordinal" else chi_squared_or_fisher
        by_test = {
            "paper": estimated(_NAMES, _tested, likelihood_ratio, table),
            "methods": estimated(_NAMES, _tested, of_methods, table),
        }
    return found | {"tests": by_test, "p": by_test[tests]["p"]}


def _tested(test: Callable[[Any], Association], values: Any) -> Figures:
    return tested(test(values), None)


def _summary(values: pd.Series) -> Figures:
    if values.empty:
        return {"mean": None, "sd": None, "min": None, "max": None}
    sd = float(values.std()) if len(values) > 1 else None
    return {"mean": float(values.mean()), "sd": sd, "min": float(values.min()), "max": float(values.max())}


def _mean(summary: Figures) -> str:
    return (
        NOT_ESTIMABLE if summary["mean"] is None else f"{summary['mean']:.2f} ({summary['min']:g}–{summary['max']:g})"
    )


def _share(count: int, n: int) -> str:
    return f"{count} ({100 * count / n:.2f}%)" if n else "0"
