"""What tables, figures and the page are made from."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from npc.prognosis.groups import cutoffs, groups
from npc.prognosis.models import Model


@dataclass(frozen=True)
class Report:
    """A report in memory.

    Attributes:
        found: `results.json`.
        patients: `split`, `label`, `time`, `event`, clinical variables; indexed by `patient_id`.
        models: in the order in which they are shown.
        config: of `evaluate.py`.
    """

    found: dict[str, Any]
    patients: pd.DataFrame
    models: dict[str, Model]
    config: DictConfig

    @property
    def risks(self) -> pd.DataFrame:
        """A column a model."""
        return pd.DataFrame({name: model.risk for name, model in self.models.items()})

    def group(self, model: str) -> pd.Series:
        """Low or high risk of each patient."""
        risk, split = self.models[model].risk, self.patients["split"]
        return groups(risk, split, cutoffs(risk, split, self.config.prognosis.cutoff))
