"""A model in each hospital of a cohort that has several."""

from dataclasses import dataclass

import pandas as pd
from omegaconf import DictConfig

from npc.names import SPLITS
from npc.prognosis.absolute_risk import CoxForm
from npc.prognosis.discrimination import AucResult, auc
from npc.prognosis.evaluation import ModelResult
from npc.prognosis.survival import Survival, survival
from npc.prognosis.times import CohortTimes, cohort_times
from npc.statistics import NotEstimable


@dataclass(frozen=True)
class Hospital:
    """The patients of one hospital in one cohort.

    Attributes:
        split: of the cohort.
        name: of the hospital.
        auc: of the label.
        survival: high against low risk.
        times: concordance, calibration, net benefit and other figures of time to event.
    """

    split: str
    name: str
    auc: AucResult
    survival: Survival
    times: CohortTimes


def hospitals(
    patients: pd.DataFrame, result: ModelResult, form: CoxForm | NotEstimable, report: DictConfig
) -> tuple[Hospital, ...]:
    """Those of cohorts with several hospitals, the test cohort first.

    Args:
        patients: `split`, `centre`, `label`, `time` and `event`, indexed by `patient_id`.
        result: of the model.
        form: of the model.
        report: `bootstrap`, `seed` and `horizon`.
    """
    found = []
    for split in reversed(SPLITS):
        rows = patients[patients["split"] == split]
        centres = rows["centre"].astype(str)
        for name in sorted(set(centres)) if centres.nunique() > 1 else []:
            found.append(_hospital(split, name, rows[centres == name], result, form, report))
    return tuple(found)


def _hospital(
    split: str, name: str, rows: pd.DataFrame, result: ModelResult, form: CoxForm | NotEstimable, report: DictConfig
) -> Hospital:
    labelled = rows[rows["label"].notna()]
    risk, groups = result.model.held_out, survival(rows, result.group[rows.index])
    return Hospital(
        split,
        name,
        auc(labelled["label"].astype(int), risk[labelled.index], draws=report.bootstrap, seed=report.seed),
        groups,
        cohort_times(rows, result.model.held_out[rows.index], form, groups.groups, report),
    )
