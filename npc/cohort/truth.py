"""The truth that a synthetic cohort brings with it, if it is one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd


class Truth(Protocol):
    """What is known of synthetic patients beside their outcome."""

    def best_auc(self, patients: pd.DataFrame, event: str, sequences: Sequence[str]) -> dict[str, float | None]:
        """The best AUC that can be reached on these patients, by what is used.

        Args:
            patients: some of the cohort, indexed by `patient_id`, with the column `event`.
            event: a column of 0 and 1.
            sequences: whose images may be used.

        Returns:
            `image` from these sequences, `size`, `texture` and `necrosis` from one part of what they show, `all` from
            the whole truth; None where the patients have one class only.
        """


def read_truth(root: Path) -> Truth | None:
    """The truth of the cohort folder `root`; None where the patients are real."""
    if not (root / "phantom.json").exists():
        return None
    from npc.phantom.oracle import Oracle  # the simulator is imported for its own patients alone

    return Oracle.read(root)
