"""Clinical variables as numbers for a regression; what is learnt of them is learnt on the training cohort."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable


@dataclass(frozen=True)
class Encoding:
    """How each variable becomes columns of a design matrix.

    A continuous variable stands as it is, or 1 beyond its cut; an ordinal one as the rank of its level, so that its
    coefficient is that of a step; a binary one as 1 for its second level; a categorical one as a column for each level
    but the first. A missing value takes the training cohort's median, or its most frequent level.

    Attributes:
        variables: in order.
        fill: what a missing value takes, by variable.
        levels: those that the training cohort has, by categorical variable.
    """

    variables: tuple[Variable, ...]
    fill: dict[str, float | str]
    levels: dict[str, tuple[str, ...]]

    def transform(self, patients: pd.DataFrame) -> pd.DataFrame:
        """Columns of float, a term each, named as a table would name it."""
        columns = {name: values for v in self.variables for name, values in self._columns(patients, v).items()}
        return pd.DataFrame(columns, index=patients.index, dtype=float)

    def marks(self, variable: Variable, values: pd.Series) -> list[tuple[str, dict[str, float]]]:
        """What a nomogram marks of a variable: what to write, and the value of each of its terms.

        Args:
            variable: one of these.
            values: of the patients, for a continuous variable's range and the levels that there are.
        """
        if variable.cut:
            return [(said, {f"{variable.name} {variable.cut}": value}) for said, value in (("no", 0.0), ("yes", 1.0))]
        if variable.kind == "continuous":
            steps = np.linspace(values.min(), values.max(), 6)
            return [(f"{value:.3g}", {variable.name: float(value)}) for value in steps]
        there = [level for level in values.cat.categories if (values == level).any()]
        marked = pd.DataFrame({variable.name: pd.Categorical(there, values.cat.categories)})
        terms = self._columns(marked, variable)
        return [(str(level), {term: float(column.iloc[i]) for term, column in terms.items()})
                for i, level in enumerate(there)]  # fmt: skip

    def _columns(self, patients: pd.DataFrame, variable: Variable) -> dict[str, pd.Series]:
        values = patients[variable.name].fillna(self.fill[variable.name])
        if variable.cut:
            return {f"{variable.name} {variable.cut}": variable.cut.holds(values).astype(float)}
        if variable.kind == "continuous":
            return {variable.name: values}
        if variable.kind == "ordinal":
            return {variable.name: values.cat.codes}
        others = self.levels[variable.name][1:]
        return {f"{variable.name} {level}": (values == level).astype(float) for level in others}


def learn(variables: Sequence[Variable], training: pd.DataFrame) -> Encoding:
    """Learns an encoding.

    Args:
        variables: declared by the cohort; one without any value in the training cohort can't be encoded (ValueError).
        training: patients of the training cohort.
    """
    fill: dict[str, float | str] = {}
    levels = {}
    for variable in variables:
        known = training[variable.name].dropna()
        if known.empty:
            raise ValueError(f"{variable.name} has no value in the training cohort")
        if variable.kind == "continuous":
            fill[variable.name] = float(known.median())
            continue
        fill[variable.name] = str(known.mode().iloc[0])
        there = [str(level) for level in known.cat.categories]
        levels[variable.name] = tuple(
            there if variable.kind != "categorical" else [t for t in there if t in set(known)]
        )
    return Encoding(tuple(variables), fill, levels)
