"""Characteristics of the cohorts (Table 2), compared by the tests that the paper printed and those that it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.names import SPLITS
from npc.prognosis.estimable import estimated
from npc.prognosis.univariate import levels
from npc.statistics import NotEstimable
from npc.statistics.association import (
    Association,
    anova_or_t,
    chi_squared_or_fisher,
    kruskal_wallis_of_levels,
    likelihood_ratio,
)


@dataclass(frozen=True)
class Summary:
    """Values of a continuous variable, in its own unit.

    Attributes:
        mean: of the values.
        sd: their standard deviation; None of a single value.
        min: the lowest.
        max: the highest.
    """

    mean: float
    sd: float | None
    min: float
    max: float


@dataclass(frozen=True)
class Characteristic:
    """One variable in all cohorts.

    Attributes:
        variable: declared by the cohort.
        n: patients whose value is known, by split.
        missing: patients whose value is not known, by split.
        summary: of a continuous variable without a cut, by split; None where no value is known.
        counts: of any other variable: patients by level and split.
        tests: between the cohorts. `paper`: the likelihood-ratio chi-squared, which all seven printed P values are;
            `methods`: Kruskal-Wallis for ordered levels and else chi-squared, or Fisher's exact where expected counts
            are low. Of a continuous variable both are the analysis of variance (t test of two cohorts).
    """

    variable: Variable
    n: Mapping[str, int]
    missing: Mapping[str, int]
    summary: Mapping[str, Summary | None] | None
    counts: Mapping[str, Mapping[str, int]] | None
    tests: Mapping[str, Association | NotEstimable]


def characteristics(patients: pd.DataFrame, variables: Sequence[Variable]) -> tuple[Characteristic, ...]:
    """Each variable.

    Args:
        patients: with the variables and `split`.
        variables: declared.
    """
    return tuple(_characteristic(patients, variable) for variable in variables)


def _characteristic(patients: pd.DataFrame, variable: Variable) -> Characteristic:
    parts = {split: rows for split in SPLITS if len(rows := patients[patients["split"] == split])}
    values = {split: rows[variable.name].dropna() for split, rows in parts.items()}
    n = {split: len(known) for split, known in values.items()}
    missing = {split: len(rows) - n[split] for split, rows in parts.items()}
    if variable.kind == "continuous" and not variable.cut:
        summary = {split: _summary(known) for split, known in values.items()}
        test = estimated(anova_or_t, [known.to_numpy() for known in values.values()])
        return Characteristic(variable, n, missing, summary, None, {"paper": test, "methods": test})
    table = pd.crosstab(levels(patients, variable), patients["split"], dropna=False).reindex(columns=list(parts))
    table = table[table.index.notna()].fillna(0).astype(int)
    counts = {str(level): {split: int(row[split]) for split in parts} for level, row in table.iterrows()}
    of_methods = kruskal_wallis_of_levels if variable.kind == "ordinal" else chi_squared_or_fisher
    tests = {
        "paper": estimated(likelihood_ratio, np.asarray(table)),
        "methods": estimated(of_methods, np.asarray(table)),
    }
    return Characteristic(variable, n, missing, None, counts, tests)


def _summary(values: pd.Series) -> Summary | None:
    if values.empty:
        return None
    sd = float(values.std()) if len(values) > 1 else None
    return Summary(float(values.mean()), sd, float(values.min()), float(values.max()))
