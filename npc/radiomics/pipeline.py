"""Everything of a radiomic signature that is fitted, as one scikit-learn pipeline."""

from collections.abc import Mapping

import pandas as pd
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline

from npc.radiomics.harmonise import Harmonise
from npc.radiomics.select import Guard, Reproducible, chain


def pipeline(
    selection: DictConfig, icc: Mapping[str, float], threshold: float, scanner: pd.Series | None, seed: int
) -> Pipeline:
    """Guard, reproducibility, scanners, then the chain of the config and a logistic regression.

    Args:
        selection: `radiomics.selection`.
        icc: of the features of patients who were outlined again; empty where nobody was.
        threshold: which a feature's ICC must be above.
        scanner: of each patient, for ComBat; None leaves the features as they are.
        seed: of the folds of the LASSO's cross-validation.
    """
    harmonise = [] if scanner is None else [("harmonise", Harmonise(scanner))]
    return Pipeline(
        [
            ("guard", Guard()),
            ("reproducible", Reproducible(icc, threshold)),
            *harmonise,
            *chain(selection, seed).steps,
        ]
    )
