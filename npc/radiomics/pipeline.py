"""Everything of a radiomic signature that is fitted, as one scikit-learn pipeline."""

import pandas as pd
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline

from npc.radiomics.guard import Guard
from npc.radiomics.harmonise import Harmonise
from npc.radiomics.select import chain


def pipeline(
    choices: DictConfig, slices: str, icc: pd.Series, threshold: float, scanner: pd.Series | None, seed: int
) -> Pipeline:
    """The guard, the scanners' adjustment where it is asked for, then the chain of the config.

    Args:
        choices: `radiomics`.
        slices: `max` or `three`.
        icc: of the features of patients who were outlined again; empty where nobody was.
        threshold: which a feature's ICC must be above.
        scanner: of each patient, for ComBat; None leaves the features as they are.
        seed: of the folds of the LASSO's cross-validation.
    """
    harmonise = [] if scanner is None else [("harmonise", Harmonise(scanner))]
    steps = chain(choices.selection, icc, threshold, seed).steps
    return Pipeline([("guard", Guard(slices, choices.features.slab)), *harmonise, *steps])
