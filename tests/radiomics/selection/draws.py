"""Features and labels that a signature can be selected from, and chains to select it with."""

from typing import Any

import numpy as np
import pandas as pd

from npc.config.method_schema import SelectionConfig
from npc.radiomics.selection.steps import MRMR, Lasso, Reproducible, StepwiseAIC, Univariate

SIGNAL = [0.9, -0.7, 0.5]


def draw(
    seed: int = 0, patients: int = 150, features: int = 30, signal: float = 1.0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Features, of which the first three are associated with the label, and the label."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(patients, features)) + 0.5 * rng.normal(size=(patients, 1))
    probability = 1 / (1 + np.exp(1.2 - signal * x[:, :3] @ SIGNAL))
    names = [f"feature_{index:03d}" for index in range(features)]
    return pd.DataFrame(x, columns=names), (rng.random(patients) < probability).astype(int)


def selection(*steps: str, **others: Any) -> SelectionConfig:
    """The choices of a chain of these steps."""
    choices: dict[str, Any] = {"significance": 0.05, "mrmr": 10, "folds": 10, "penalty": "min", "direction": "both"}
    return SelectionConfig(chain=list(steps), **(choices | others))


PAPER = selection("univariate", "mrmr", "lasso", "aic")
SEQUENTIAL = selection("univariate", "lasso", "aic")
STEPS = [Reproducible(), Univariate(), MRMR(5), Lasso(), StepwiseAIC()]
