"""The oracle of a phantom: the highest possible AUC, which is known because the patients are synthetic."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from npc.phantom.parts import PARTS
from npc.phantom.signal import best_score


@dataclass(frozen=True)
class Oracle:
    """Fulfils `npc.cohort.truth.Truth`.

    Attributes:
        truth: `truth.csv`, indexed by `patient_id`: `linear_predictor`, and `<sequence>_shown` and
            `<sequence>_<part>_shown` of each sequence.
        signal: 0 to 1; how strongly the images show the aggressiveness of the tumours.
    """

    truth: pd.DataFrame
    signal: float

    @classmethod
    def read(cls, folder: Path) -> "Oracle":
        """Reads the oracle of a phantom's cohort folder."""
        truth = pd.read_csv(folder / "truth.csv", dtype={"patient_id": str}).set_index("patient_id")
        return cls(truth, json.loads((folder / "phantom.json").read_text())["signal"])

    def best_auc(self, patients: pd.DataFrame, event: str, sequences: Sequence[str]) -> dict[str, float | None]:
        """As `npc.cohort.truth.Truth` says; `size`, `texture` and `necrosis` are what the images show of each part."""
        truth = self.truth.loc[patients.index]

        from sklearn.metrics import roc_auc_score  # takes half a second, and a finished run needs none

        def given(column: str) -> np.ndarray:
            shown = {s: truth[column.format(s)].to_numpy() for s in sequences}
            return np.broadcast_to(best_score(shown, self.signal), len(truth))

        scores = {
            **{part: given(f"{{}}_{part}_shown") for part in PARTS},
            "image": given("{}_shown"),
            "all": truth["linear_predictor"].to_numpy(),
        }
        label = patients[event].to_numpy()
        if len(np.unique(label)) < 2:
            return dict.fromkeys(scores)
        return {name: float(roc_auc_score(label, score)) for name, score in scores.items()}
