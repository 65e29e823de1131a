"""Which clinical variables are associated with the outcome: one test a variable, on the training cohort."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.association import Association, chi_squared_or_fisher, t_or_mann_whitney


@dataclass(frozen=True)
class Univariate:
    """A variable and its test.

    Attributes:
        variable: declared by the cohort.
        test: of association with the label.
        missing: training patients whose value is not known; they take no part in the test.
    """

    variable: Variable
    test: Association | NotEstimable
    missing: int

    def significant(self, level: float) -> bool:
        """Whether the variable is kept."""
        return not isinstance(self.test, NotEstimable) and self.test.p < level


def levels(patients: pd.DataFrame, variable: Variable) -> pd.Series:
    """A variable as Table 2 counts it: its levels, or the two sides of its cut, as ordered categories.

    Args:
        patients: with the variable's column.
        variable: ordinal, binary or categorical, or continuous with a cut.
    """
    if not variable.cut:
        return patients[variable.name]
    beyond = variable.cut.holds(patients[variable.name])
    opposite = {">=": "<", ">": "<=", "<=": ">", "<": ">="}[variable.cut.comparison]
    names = [f"{opposite} {variable.cut.value:g}", str(variable.cut)]
    named = beyond.map({False: names[0], True: names[1]}, na_action="ignore")
    return pd.Series(pd.Categorical(named, names, ordered=True), patients.index, name=variable.name)


def univariate(training: pd.DataFrame, variables: Sequence[Variable]) -> list[Univariate]:
    """Tests each variable against the label, as Methods of the paper.

    Continuous: t test, or Mann-Whitney where a group does not pass for normal. Others, and continuous ones with a cut:
    chi-squared, or Fisher's exact test where expected counts are low (`npc.statistics.association`).

    Args:
        training: of the training cohort, with `label`.
        variables: declared.
    """
    return [
        Univariate(variable, estimated(_test, training, variable), int(training[variable.name].isna().sum()))
        for variable in variables
    ]


def _test(training: pd.DataFrame, variable: Variable) -> Association:
    if variable.kind == "continuous" and not variable.cut:
        values = training[variable.name].to_numpy(dtype=float)
        return t_or_mann_whitney([values[training["label"] == label] for label in (0, 1)])
    counts = _counts(levels(training, variable), training["label"])
    if counts.shape[1] < 2:
        raise NotEstimable("known of one class only")
    return chi_squared_or_fisher(counts)


def _counts(values: pd.Series, label: pd.Series) -> np.ndarray:
    """Patients by level and label, without levels and labels that none has; pandas' crosstab takes 20 times as long."""
    level, known = values.cat.codes.to_numpy(), values.notna().to_numpy()
    counts = np.zeros((len(values.cat.categories), 2), dtype=int)
    np.add.at(counts, (level[known], label.to_numpy(dtype=int)[known]), 1)
    return counts[counts.any(axis=1)][:, counts.any(axis=0)]
