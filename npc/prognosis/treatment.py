"""Additional treatment against the standard one within risk groups, as in Fig. 4e-f, and what to compare it with.

Treatment was not randomised, so the plain comparison within a group (the paper's) may show who was chosen for the
additional treatment. The test of interaction between group and treatment is given as well, and the comparison weighted
by the inverse probability of the treatment that was given (IPTW), estimated from the clinical variables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.errors import InputError
from npc.names import ARMS, RISK_GROUPS
from npc.prognosis.encoding import learn
from npc.prognosis.estimable import estimated
from npc.prognosis.survival import HazardRatio, Survival, survival
from npc.statistics import NotEstimable
from npc.statistics.cox import cox
from npc.statistics.kaplan_meier import kaplan_meier
from npc.statistics.logistic import logistic
from npc.statistics.restricted_mean import restricted_mean_difference


@dataclass(frozen=True)
class RestrictedMeans:
    """Difference of restricted mean survival times, additional minus standard treatment.

    Attributes:
        estimate: months.
        ci: 95% limits, months.
        until: month to which both are restricted: the end of the shorter follow-up.
    """

    estimate: float
    ci: tuple[float, float]
    until: float


@dataclass(frozen=True)
class WithinGroup:
    """Additional against standard treatment in one risk group.

    Attributes:
        survival: of both arms, the standard treatment first; pooled over hospitals, and stratified by hospital.
        restricted_means: their difference, pooled over hospitals.
        weighted: hazard ratio weighted by the inverse probability of treatment, with Lin and Wei's robust variance;
            pooled over hospitals.
        weighted_stratified: the same stratified by hospital.
    """

    survival: Survival
    restricted_means: RestrictedMeans | NotEstimable
    weighted: HazardRatio | NotEstimable
    weighted_stratified: HazardRatio | NotEstimable


@dataclass(frozen=True)
class TreatmentEffect:
    """Additional against standard treatment by the risk groups of a model.

    Attributes:
        groups: `low` and `high`.
        hospitals: over which the patients are pooled.
        interaction: ratio of the hazard ratio at high risk to that at low risk, pooled over hospitals.
        interaction_stratified: the same stratified by hospital.
        score_contains_treatment: whether the model knows the treatment that is compared.
    """

    groups: Mapping[str, WithinGroup]
    hospitals: int
    interaction: HazardRatio | NotEstimable
    interaction_stratified: HazardRatio | NotEstimable
    score_contains_treatment: bool


def check_treatment(name: str | None, variables: Sequence[Variable]) -> None:
    """Checks that the treatment, if it is a variable of the cohort, has levels.

    Args:
        name: `prognosis.treatment`.
        variables: declared by the cohort.

    Raises:
        InputError: it is continuous.
    """
    if name in [variable.name for variable in variables if variable.kind == "continuous"]:
        levels = [variable.name for variable in variables if variable.kind != "continuous"]
        raise InputError(
            f"prognosis.treatment={name}: this variable is continuous, but a treatment has levels, the "
            f"standard treatment first; name one with levels ({', '.join(levels) or 'the cohort declares none'}), or "
            "null for no comparison of treatments"
        )


def treatment_effect(
    patients: pd.DataFrame, group: pd.Series, treatment: str, variables: Sequence[Variable], known: Sequence[Variable]
) -> TreatmentEffect:
    """Compares the treatments in each risk group of a model.

    Args:
        patients: clinical variables, `time` in months, `event` and `centre`, the hospital.
        group: low or high risk of each.
        treatment: the variable whose first level is the standard treatment.
        variables: all that are declared; those but the treatment are what its choice may have followed.
        known: those that the model contains.
    """
    arm = arms(patients, treatment)
    others = [variable for variable in variables if variable.name != treatment]
    groups = {}
    for key, name in RISK_GROUPS.items():
        members = (group == name) & arm.notna()
        rows, given = patients[members], arm[members]
        groups[key] = WithinGroup(
            survival(rows, given, strata="centre"),
            estimated(restricted_means, rows, given),
            estimated(weighted_hazard_ratio, rows, given, others),
            estimated(weighted_hazard_ratio, rows, given, others, rows["centre"]),
        )
    return TreatmentEffect(
        groups,
        patients["centre"].nunique(),
        estimated(interaction, patients, group, arm),
        estimated(interaction, patients, group, arm, patients["centre"]),
        treatment in [variable.name for variable in known],
    )


def arms(patients: pd.DataFrame, variable: str) -> pd.Series:
    """Standard (the variable's first level) or additional treatment, as ordered categories; missing where not known."""
    values = patients[variable]
    names = [None if code < 0 else ARMS[int(code > 0)] for code in values.cat.codes]
    return pd.Series(pd.Categorical(names, ARMS, ordered=True), patients.index, name="arm")


def interaction(
    patients: pd.DataFrame, group: pd.Series, arm: pd.Series, strata: pd.Series | None = None
) -> HazardRatio:
    """Of the product in a Cox model of group, treatment and their product, stratified if there are strata.

    Raises:
        NotEstimable: see `npc.statistics.cox`.
    """
    known = arm.notna()
    high, additional = group[known].cat.codes.to_numpy(), arm[known].cat.codes.to_numpy()
    covariates = np.column_stack([high, additional, high * additional])
    strata = None if strata is None else strata[known]
    found = cox(patients.loc[known, "time"], patients.loc[known, "event"], covariates, strata)
    return HazardRatio(*found.hazard_ratio(2), float(found.p[2]))


def restricted_means(patients: pd.DataFrame, arm: pd.Series) -> RestrictedMeans:
    """Difference of restricted mean survival, up to the end of the shorter of both follow-ups.

    Raises:
        NotEstimable: there is one arm only, or one without follow-up.
    """
    parts = [patients[arm == name] for name in arm.cat.categories]
    if any(part.empty for part in parts):
        raise NotEstimable("there is one arm only")
    until = min(float(part["time"].max()) for part in parts)
    if until == 0:
        raise NotEstimable("an arm has no follow-up")
    standard, additional = (kaplan_meier(part["time"], part["event"]) for part in parts)
    found = restricted_mean_difference(additional, standard, until)
    return RestrictedMeans(found.estimate, found.ci, until)


def weighted_hazard_ratio(
    patients: pd.DataFrame, arm: pd.Series, variables: Sequence[Variable], strata: pd.Series | None = None
) -> HazardRatio:
    """Hazard ratio weighted by inverse probability of treatment, with Lin and Wei's robust variance.

    Args:
        patients: `time` in months, `event` and the variables.
        arm: of each.
        variables: clinical variables that the choice of treatment may have followed.
        strata: of each; a stratum has a baseline hazard of its own. The weights do not depend on them.

    Raises:
        NotEstimable: one arm only, an arm without event, no variable, or a hazard ratio without bound.
    """
    if arm.nunique() < 2:
        raise NotEstimable("there is one arm only")
    if patients["event"].groupby(arm, observed=True).sum().min() == 0:
        raise NotEstimable("an arm has no event")
    weights = treatment_weights(patients, arm, variables)
    found = cox(patients["time"], patients["event"], arm.cat.codes, strata, weights=weights, robust=True)
    return HazardRatio(*found.hazard_ratio(), float(found.p[0]))


def treatment_weights(patients: pd.DataFrame, arm: pd.Series, variables: Sequence[Variable]) -> pd.Series:
    """Stabilised inverse-probability weights, cut at their 1st and 99th percentile.

    Args:
        patients: whose treatment is known.
        arm: of each.
        variables: clinical variables that the choice of treatment may have followed; not the treatment itself.

    Raises:
        NotEstimable: one arm only, or no variable of which a value is known.
    """
    variables = [variable for variable in variables if patients[variable.name].notna().any()]
    if not variables:
        raise NotEstimable("no clinical variable to weight by")
    additional = arm.cat.codes.to_numpy()
    design = learn(variables, patients).transform(patients)
    design = design.loc[:, design.nunique() > 1]
    probability = logistic(additional, design).probability(design)
    share = additional.mean()
    weights = np.where(additional == 1, share / probability, (1 - share) / (1 - probability))
    low, high = np.quantile(weights, [0.01, 0.99])
    return pd.Series(np.clip(weights, low, high), patients.index)
