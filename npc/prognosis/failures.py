"""Held-out patients whom every model gets wrong, and what they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.names import FEWEST, SPLITS
from npc.prognosis.estimable import estimated
from npc.prognosis.evaluation import ModelResult
from npc.prognosis.univariate import levels
from npc.statistics import NotEstimable
from npc.statistics.association import Association, chi_squared_or_fisher, mann_whitney

HELD_OUT = tuple(split for split in SPLITS if split != "train")


@dataclass(frozen=True)
class Typical:
    """What is usual among some patients.

    Attributes:
        level: a level of the variable; None of a continuous one.
        value: number of patients with that level, or the median.
        n: patients with a known value.
    """

    level: str | None
    value: float
    n: int


@dataclass(frozen=True)
class Shared:
    """A variable of the patients whom all models get wrong, beside all other held-out patients.

    Attributes:
        title: of the variable.
        wrong: their median, or their most frequent level; None where no value is known.
        others: the same of the others; of levels with the level of `wrong`.
        test: Mann-Whitney's, or chi-squared or Fisher's; not corrected for their number.
    """

    title: str
    wrong: Typical | None
    others: Typical | None
    test: Association | NotEstimable


@dataclass(frozen=True)
class Failures:
    """Of the classification at each model's own threshold.

    Attributes:
        models: whose errors are compared.
        n: labelled held-out patients.
        wrong: those whom all models get wrong: `split`, `label`, and the risk by each model; indexed by `patient_id`.
        missed: of these, patients with the event, whose risk is too low.
        expected: patients who would be wrong in all models if their errors were independent.
        shared: each clinical variable; empty where all models get fewer than five patients wrong, since a median or a
            level would then be that of single patients.
    """

    models: tuple[str, ...]
    n: int
    wrong: pd.DataFrame
    missed: int
    expected: float
    shared: tuple[Shared, ...]


def failures(patients: pd.DataFrame, results: Mapping[str, ModelResult], variables: Sequence[Variable]) -> Failures:
    """Compares the errors of all models.

    Args:
        patients: `split`, `label` and the variables, indexed by `patient_id`.
        results: of the models, by name.
        variables: clinical ones.
    """
    rows = patients[patients["split"].isin(HELD_OUT) & patients["label"].notna()]
    label = rows["label"].astype(int)
    errors = pd.DataFrame(
        {name: (of.model.held_out[rows.index] > of.threshold) != label for name, of in results.items()}
    )
    wrong = errors.all(axis=1)
    risks = pd.DataFrame({name: of.model.held_out[rows.index] for name, of in results.items()})
    found = rows.loc[wrong, ["split"]].assign(label=label[wrong]).join(risks)
    shared = tuple(_shared(rows, wrong, variable) for variable in variables) if wrong.sum() >= FEWEST else ()
    # the share of all errors of each model among patients with and without the event
    expected = sum(len(of) * float(np.prod(of.mean())) for _, of in errors.groupby(label))
    return Failures(tuple(results), len(rows), found, int(label[wrong].sum()), expected, shared)


def _shared(rows: pd.DataFrame, wrong: pd.Series, variable: Variable) -> Shared:
    if variable.kind == "continuous" and not variable.cut:
        values = pd.to_numeric(rows[variable.name])
        parts = [values[of].dropna() for of in (wrong, ~wrong)]
        medians = [Typical(None, float(of.median()), len(of)) if len(of) else None for of in parts]
        return Shared(variable.title, medians[0], medians[1], estimated(mann_whitney, [of.to_numpy() for of in parts]))
    values = levels(rows, variable).astype(object)
    known = values[wrong].dropna()
    if known.empty:
        return Shared(variable.title, None, None, NotEstimable("none of these patients has a value"))
    level = known.mode().iloc[0]
    others = values[~wrong].dropna()
    counts = pd.crosstab(values.dropna(), wrong[values.notna()])
    counted = [Typical(str(level), float((of == level).sum()), len(of)) for of in (known, others)]
    return Shared(variable.title, counted[0], counted[1], estimated(chi_squared_or_fisher, counts.to_numpy()))
