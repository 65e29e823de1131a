"""A model in each hospital of a cohort that has several."""

from dataclasses import dataclass

import pandas as pd
from omegaconf import DictConfig

from npc.names import SPLITS
from npc.prognosis.discrimination import AucResult, auc
from npc.prognosis.estimable import estimated
from npc.prognosis.evaluation import ModelResult
from npc.prognosis.survival import Survival, survival
from npc.statistics import NotEstimable
from npc.statistics.concordance import concordance
from npc.statistics.estimate import Estimate


@dataclass(frozen=True)
class Hospital:
    """The patients of one hospital in one cohort.

    Attributes:
        split: of the cohort.
        name: of the hospital.
        auc: of the label.
        harrell: concordance.
        survival: high against low risk.
    """

    split: str
    name: str
    auc: AucResult
    harrell: Estimate | NotEstimable
    survival: Survival


def hospitals(patients: pd.DataFrame, result: ModelResult, report: DictConfig) -> tuple[Hospital, ...]:
    """Those of cohorts with several hospitals, the test cohort first.

    Args:
        patients: `split`, `centre`, `label`, `time` and `event`, indexed by `patient_id`.
        result: of the model.
        report: `bootstrap` and `seed`.
    """
    found = []
    for split in reversed(SPLITS):
        rows = patients[patients["split"] == split]
        centres = rows["centre"].astype(str)
        for name in sorted(set(centres)) if centres.nunique() > 1 else []:
            found.append(_hospital(split, name, rows[centres == name], result, report))
    return tuple(found)


def _hospital(split: str, name: str, rows: pd.DataFrame, result: ModelResult, report: DictConfig) -> Hospital:
    labelled = rows[rows["label"].notna()]
    risk = result.model.held_out
    return Hospital(
        split,
        name,
        auc(labelled["label"].astype(int), risk[labelled.index], draws=report.bootstrap, seed=report.seed),
        estimated(lambda: concordance(rows["time"], rows["event"], risk[rows.index]).interval()),
        survival(rows, result.group[rows.index]),
    )
