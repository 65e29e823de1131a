"""What stands beside the paper's comparison of treatments: what a reviewer asks for.

The paper compares the treatments within the risk groups of a score. Where the score contains the treatment, the groups
are formed by what is compared: the comparison is circular. Beside it stand the same comparison in groups of a
treatment-free score, the balance of weighting, an adjusted effect, and whether the effect depends on the risk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from omegaconf import DictConfig

from npc.cohort.clinical import Variable
from npc.prognosis.estimable import estimated
from npc.prognosis.evaluation import ModelResult
from npc.prognosis.groups import cutoffs, groups
from npc.prognosis.survival import HazardRatio
from npc.prognosis.treatment import TreatmentEffect, arms, treatment_effect
from npc.prognosis.treatment_adjusted import Adjusted, adjusted
from npc.prognosis.treatment_balance import Balance, balance, weighted
from npc.prognosis.treatment_design import Comparison, compared, treatment_free
from npc.prognosis.treatment_interaction import AtRisk, effect_by_risk, grouped, likelihood_ratio_of_interaction
from npc.statistics import NotEstimable
from npc.statistics.logrank import Test

DRAWS = 200  # at most: a standard error needs fewer samples than a percentile


@dataclass(frozen=True)
class TreatmentAnalysis:
    """Additional against standard treatment, by one model.

    Attributes:
        free: within the risk groups of the model's treatment-free score; None where the model does not contain the
            treatment, so that its own groups are such ones.
        patients: of the figures below, and whether these are without the training patients; or why there are none.
        balance: of weighting.
        weighted: marginal hazard ratio by weighting.
        adjusted: effect by g-computation.
        continuous: interaction of treatment and treatment-free score.
        grouped: the same of its two risk groups.
        by_risk: the effect against the score.
    """

    free: TreatmentEffect | None
    patients: Comparison | NotEstimable
    balance: Balance | NotEstimable
    weighted: HazardRatio | NotEstimable
    adjusted: Adjusted | NotEstimable
    continuous: Test | NotEstimable
    grouped: Test | NotEstimable
    by_risk: Sequence[AtRisk] | NotEstimable


def treatment_analysis(
    patients: pd.DataFrame, result: ModelResult, treatment: str, variables: Sequence[Variable], choices: DictConfig
) -> TreatmentAnalysis:
    """Compares the treatments by one model.

    Args:
        patients: clinical variables, `split`, `time` in months, `event`, and `centre`, the hospital.
        result: of the model.
        treatment: the variable whose first level is the standard treatment.
        variables: declared by the cohort.
        choices: of `evaluate.py`: `prognosis.cutoff`, `report.bootstrap` and `report.seed`.
    """
    model, group = result.model, result.group
    free = None
    if treatment in [variable.name for variable in model.variables]:
        score = treatment_free(model, patients, treatment)
        labelled = patients["label"].notna()  # as the cut-off of the model's own groups
        cut = cutoffs(score[labelled], patients.loc[labelled, "split"], choices.prognosis.cutoff)
        group = groups(score, patients["split"], cut)
        free = treatment_effect(patients, group, treatment, variables, [])
    of = estimated(compared, patients, arms(patients, treatment), model, treatment, variables)
    if isinstance(of, NotEstimable):
        return TreatmentAnalysis(free, of, of, of, of, of, of, of)
    by = estimated(balance, of)
    draws = {"draws": min(choices.report.bootstrap, DRAWS), "seed": choices.report.seed}
    return TreatmentAnalysis(
        free,
        of,
        by,
        by if isinstance(by, NotEstimable) else estimated(weighted, of, by),
        by if isinstance(by, NotEstimable) else estimated(adjusted, of, by, **draws),
        estimated(likelihood_ratio_of_interaction, of, of.score),
        estimated(grouped, of, group),
        estimated(effect_by_risk, of),
    )
