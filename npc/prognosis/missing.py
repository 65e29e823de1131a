"""What is missing, and what it means for the regressions: multiple imputation by chained equations.

The models themselves fill a missing value with the training cohort's median or most frequent level, so that every
patient has a risk. Beside them stand coefficients over several imputations of the training cohort (White, Royston and
Wood, Statistics in Medicine 2011), pooled by Rubin's rules.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from npc.cohort.clinical import Variable
from npc.names import SPLITS
from npc.prognosis.estimable import estimated
from npc.prognosis.models import Model
from npc.statistics import NotEstimable
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.logistic import logistic
from npc.statistics.rubin import Pooled, pool

CYCLES = 10  # of the chained equations


@dataclass(frozen=True)
class Missing:
    """What is missing.

    Attributes:
        variables: patients without a value, by variable and cohort.
        complete: patients with all values, by cohort.
        n: patients, by cohort.
        imputations: of the training cohort; 0: none was asked for.
        pooled: coefficients over the imputations, by model that has clinical variables.
        note: why there are none; None where there are.
    """

    variables: Mapping[str, Mapping[str, int]]
    complete: Mapping[str, int]
    n: Mapping[str, int]
    imputations: int
    pooled: Mapping[str, Pooled | NotEstimable]
    note: str | None


def missing(
    patients: pd.DataFrame, models: Mapping[str, Model], variables: Sequence[Variable], *, imputations: int, seed: int
) -> Missing:
    """Counts what is missing, and pools each regression over imputations if they are asked for.

    Args:
        patients: the variables, `split`, `label`, `time` and `event`.
        models: by name.
        variables: declared.
        imputations: data sets; 0 for none.
        seed: of the imputations.
    """
    by_split = {split: rows for split in SPLITS if len(rows := patients[patients["split"] == split])}
    names = [variable.name for variable in variables]
    counted = (
        {name: {split: int(rows[name].isna().sum()) for split, rows in by_split.items()} for name in names},
        {split: int(rows[names].notna().all(axis=1).sum()) for split, rows in by_split.items()},
        {split: len(rows) for split, rows in by_split.items()},
    )
    training = patients[(patients["split"] == "train") & patients["label"].notna()]
    note = None
    if not training[names].isna().any(axis=None):
        note = "no value is missing in the training cohort: there is nothing to impute"
    elif not imputations:
        note = "the simple fill alone; prognosis.imputations=20 adds multiple imputation"
    if note:
        return Missing(*counted, 0, {}, note)
    used = [variable for variable in variables if training[variable.name].notna().any()]
    fitted = {name: model for name, model in models.items() if model.fitted and model.encoding}
    if not fitted:
        return Missing(*counted, 0, {}, "no model contains clinical variables: there is nothing to pool")
    others = pd.concat(
        [model.design[list(model.signatures)].add_prefix(name) for name, model in fitted.items()], axis=1
    )
    tables = imputed(training, used, others.loc[training.index], imputations, seed)
    pooled = {name: estimated(_pooled, model, training, tables) for name, model in fitted.items()}
    return Missing(*counted, imputations, pooled, None)


def imputed(
    training: pd.DataFrame, variables: Sequence[Variable], others: pd.DataFrame, imputations: int, seed: int
) -> list[pd.DataFrame]:
    """Data sets in which each missing value is drawn from its distribution given all else.

    The outcome is among all else, as it must be, by its event and its cumulative hazard (White and Royston, Statistics
    in Medicine 2009). Levels are drawn by their number and rounded; of a variable without order there is a column for
    each level, and the highest is taken.

    Args:
        training: the training cohort: the variables, `label`, `time` and `event`.
        variables: of each of which a value is known.
        others: signatures, of the same patients; complete.
        imputations: data sets.
        seed: of the draws.
    """
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - it makes the next import possible
    from sklearn.impute import IterativeImputer

    parts = {variable.name: _numbers(training, variable) for variable in variables}
    columns = pd.concat(parts.values(), axis=1)
    aside = others.assign(label=training["label"], event=training["event"], hazard=_cumulative_hazard(training))
    table = pd.concat([columns, aside], axis=1).astype(float)
    varying = table.columns[table.nunique() > 1]
    found = []
    for number in range(imputations):
        imputer = IterativeImputer(
            sample_posterior=True, max_iter=CYCLES, random_state=seed + number,
            min_value=table[varying].min().to_numpy(), max_value=table[varying].max().to_numpy(),
        )  # fmt: skip
        # the sum of several threads depends on their number
        with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
            warnings.simplefilter("ignore")  # it warns that random draws do not converge
            filled = table.assign(**dict(zip(varying, imputer.fit_transform(table[varying]).T, strict=True)))
        made = training.copy()
        for variable in variables:
            made[variable.name] = _values(filled[parts[variable.name].columns], training[variable.name], variable)
        found.append(made)
    return found


def _numbers(training: pd.DataFrame, variable: Variable) -> pd.DataFrame:
    values = training[variable.name]
    if variable.kind == "continuous":
        return values.astype(float).to_frame()
    if variable.kind != "categorical":
        return values.cat.codes.where(values.notna()).astype(float).to_frame(variable.name)
    one_hot = pd.get_dummies(values.cat.remove_unused_categories(), dtype=float).add_prefix(f"{variable.name} ")
    one_hot.loc[values.isna()] = np.nan
    return one_hot


def _values(numbers: pd.DataFrame, given: pd.Series, variable: Variable) -> pd.Series:
    if variable.kind == "continuous":
        return given.astype(float).fillna(numbers[variable.name])
    if variable.kind != "categorical":
        codes = numbers[variable.name].fillna(0).round().astype(int).to_numpy()
        return given.fillna(pd.Series(given.cat.categories[codes], given.index))
    there = given.cat.remove_unused_categories().cat.categories
    return given.fillna(pd.Series(there[numbers.fillna(0).to_numpy().argmax(axis=1)], given.index))


def _cumulative_hazard(training: pd.DataFrame) -> np.ndarray:
    """Nelson and Aalen's, at each patient's time."""
    curve = kaplan_meier(training["time"], training["event"])
    hazard = np.cumsum(curve.events / curve.at_risk)
    return hazard[np.searchsorted(curve.time, training["time"].to_numpy(dtype=float))]


def _pooled(model: Model, training: pd.DataFrame, tables: Sequence[pd.DataFrame]) -> Pooled:
    assert model.encoding is not None
    signatures = model.design.loc[training.index, list(model.signatures)]
    fits = [
        logistic(training["label"], pd.concat([signatures, model.encoding.transform(table)], axis=1))
        for table in tables
    ]
    separated = next((fit.separation for fit in fits if fit.separation), None)
    if separated:
        raise NotEstimable(f"{separated} in an imputed data set: there is no maximum likelihood")
    coefficients = np.array([fit.coefficient for fit in fits])
    complete = len(training) - coefficients.shape[1]
    return pool(coefficients, np.array([fit.standard_error for fit in fits]), complete)
