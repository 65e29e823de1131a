"""Whether a model tells patients apart equally well in subgroups: held-out patients, and tests of interaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import chi2

from npc.cohort.clinical import Variable
from npc.prognosis.estimable import estimated
from npc.prognosis.survival import HazardRatio
from npc.prognosis.univariate import levels
from npc.statistics import NotEstimable
from npc.statistics.added_value import normal_scores
from npc.statistics.cox import cox
from npc.statistics.holm import holm
from npc.statistics.logrank import Test

HOSPITAL = "centre"


@dataclass(frozen=True)
class Subgroup:
    """Patients of one level.

    Attributes:
        n: patients.
        events: of them with the event.
        hazard_ratio: of one standard deviation of the risk's normal scores, stratified by hospital.
    """

    n: int
    events: int
    hazard_ratio: HazardRatio | NotEstimable


@dataclass(frozen=True)
class Division:
    """Subgroups by one variable.

    Attributes:
        title: of the variable.
        groups: by level.
        interaction: likelihood ratio of Cox models with and without the products of risk and level.
        p_holm: corrected for all variables that have a test (Holm); None without one.
    """

    title: str
    groups: Mapping[str, Subgroup]
    interaction: Test | NotEstimable
    p_holm: float | None = None


@dataclass(frozen=True)
class Subgroups:
    """Of one model.

    Attributes:
        n: held-out patients.
        events: of them with the event.
        all: in all of them.
        by: subgroups by variable.
    """

    n: int
    events: int
    all: HazardRatio | NotEstimable
    by: Mapping[str, Division]


def subgroups(patients: pd.DataFrame, risk: pd.Series, variables: Sequence[Variable]) -> Subgroups:
    """By each clinical variable and by hospital.

    Training patients are left out: their risks are of a fit that saw their outcomes. A continuous variable is divided
    at its cut, or else at the median of the training cohort.

    Args:
        patients: the variables, `split`, `time`, `event` and `centre`, the hospital.
        risk: of each, higher is worse.
        variables: declared.
    """
    rows = patients[patients["split"] != "train"]
    score = pd.Series(normal_scores(risk[rows.index]) if len(rows) else [], rows.index, dtype=float)
    divided = {v.name: (v.title, _levels(patients, v).loc[rows.index]) for v in variables}
    divided[HOSPITAL] = ("Hospital", rows[HOSPITAL].astype(str).astype("category"))
    found = {
        name: _division(rows, score, title, level) for name, (title, level) in divided.items() if level.nunique() > 1
    }
    corrected = holm(of.interaction for of in found.values())
    by = {name: replace(of, p_holm=p) for (name, of), p in zip(found.items(), corrected, strict=True)}
    return Subgroups(len(rows), int(rows["event"].sum()), estimated(_hazard_ratio, rows, score), by)


def _levels(patients: pd.DataFrame, variable: Variable) -> pd.Series:
    if variable.kind != "continuous" or variable.cut:
        return levels(patients, variable)
    values = patients[variable.name].astype(float)
    known = values[patients["split"] == "train"].dropna()
    median = known.median() if len(known) else np.inf
    names = [f"<= {median:g}", f"> {median:g}"]
    named = (values > median).map({False: names[0], True: names[1]}).where(values.notna())
    return pd.Series(pd.Categorical(named, names, ordered=True), patients.index)


def _division(rows: pd.DataFrame, score: pd.Series, title: str, level: pd.Series) -> Division:
    there = [name for name in level.cat.categories if (level == name).any()]
    groups = {}
    for name in there:
        of = level == name
        ratio = estimated(_hazard_ratio, rows[of], score[of])
        groups[str(name)] = Subgroup(int(of.sum()), int(rows.loc[of, "event"].sum()), ratio)
    return Division(title, groups, estimated(_interaction, rows, score, level))


def _hazard_ratio(rows: pd.DataFrame, score: pd.Series) -> HazardRatio:
    found = cox(rows["time"], rows["event"], score, rows[HOSPITAL].astype(str))
    return HazardRatio(*found.hazard_ratio(), float(found.p[0]))


def _interaction(rows: pd.DataFrame, score: pd.Series, level: pd.Series) -> Test:
    known = level.notna()
    rows, score, level = rows[known], score[known], level[known]
    with_event = rows["event"].groupby(level, observed=True).sum()
    if (with_event == 0).any():
        raise NotEstimable("a level has no event")
    factor = pd.get_dummies(level.cat.remove_unused_categories(), dtype=float).iloc[:, 1:].to_numpy()
    strata = rows[HOSPITAL].astype(str).to_numpy()
    products = factor * score.to_numpy()[:, None]
    inside = [len(np.unique(column[strata == s])) > 1 for column in factor.T for s in np.unique(strata)]
    varies = np.reshape(inside, (factor.shape[1], -1)).any(axis=1)  # the hospital itself does not within hospitals
    main = np.column_stack([score, factor[:, varies]])
    before = cox(rows["time"], rows["event"], main, strata).log_likelihood[1]
    after = cox(rows["time"], rows["event"], np.column_stack([main, products]), strata).log_likelihood[1]
    statistic = max(2 * (after - before), 0.0)
    return Test(statistic, products.shape[1], float(chi2.sf(statistic, products.shape[1])))
