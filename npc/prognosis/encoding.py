"""Clinical variables as numbers for a regression; what is learnt of them is learnt on the training cohort."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.names import FEWEST


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
        """Columns of float, a term each."""
        columns = {name: values for v in self.variables for name, values in self._columns(patients, v).items()}
        return pd.DataFrame(columns, index=patients.index, dtype=float)

    def marks(self, variable: Variable, values: pd.Series) -> list[tuple[str, dict[str, float]]]:
        """What a nomogram marks of a variable: what to write, and the value of each of its terms.

        Args:
            variable: one of these.
            values: of the patients, for a continuous variable's range and the levels that there are.
        """
        if variable.cut:
            (term,) = self.terms(variable)
            return [(mark, {term: value}) for mark, value in (("no", 0.0), ("yes", 1.0))]
        if variable.kind == "continuous":
            return [(f"{value:g}", {variable.name: value}) for value in round_values(*ends(values))]
        there = [level for level in values.cat.categories if (values == level).any()]
        marked = pd.DataFrame({variable.name: pd.Categorical(there, values.cat.categories)})
        terms = self._columns(marked, variable)
        return [(str(level), {term: float(column.iloc[i]) for term, column in terms.items()})
                for i, level in enumerate(there)]  # fmt: skip

    def labels(self) -> dict[str, str]:
        """How each term is printed: the variable's title instead of its name."""
        return {
            term: variable.title + term.removeprefix(variable.name)
            for variable in self.variables
            for term in self.terms(variable)
        }

    def terms(self, variable: Variable) -> tuple[str, ...]:
        """Its columns."""
        if variable.cut:
            return (f"{variable.name} {variable.cut}",)
        if variable.kind in ("continuous", "ordinal"):
            return (variable.name,)
        return tuple(f"{variable.name} {level}" for level in self.levels[variable.name][1:])

    def _columns(self, patients: pd.DataFrame, variable: Variable) -> dict[str, pd.Series]:
        values = patients[variable.name].fillna(self.fill[variable.name])
        if variable.cut:
            columns = [variable.cut.holds(values).astype(float)]
        elif variable.kind == "continuous":
            columns = [values]
        elif variable.kind == "ordinal":
            columns = [values.cat.codes.astype(float)]
        else:
            columns = [(values == level).astype(float) for level in self.levels[variable.name][1:]]
        return dict(zip(self.terms(variable), columns, strict=True))


def ends(values: pd.Series) -> tuple[float, float]:
    """The fifth lowest and the fifth highest value: a scale that ends there tells of no single patient.

    One outlier does not stretch it, either. Of fewer than ten values both are their mean.

    Args:
        values: numbers, of which some are known.
    """
    known = np.sort(values.dropna().to_numpy(dtype=float))
    if len(known) < 2 * FEWEST:
        return float(known.mean()), float(known.mean())
    return float(known[FEWEST - 1]), float(known[-FEWEST])


def round_values(low: float, high: float) -> list[float]:
    """About five steps of 1, 2 or 5 times a power of ten, from no more than `low` to no less than `high`.

    They are two values at least, so that a scale between them has a width.
    """
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = int(np.floor(low / step))
    return [float(step * i) for i in range(first, max(int(np.ceil(high / step)), first + 1) + 1)]


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
