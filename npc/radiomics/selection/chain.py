"""All fitted steps of a radiomic signature as one scikit-learn pipeline, built from the config."""

from collections.abc import Mapping

import pandas as pd
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline

from npc.config.method_schema import SelectionConfig
from npc.errors import InputError
from npc.radiomics.guard import Guard
from npc.radiomics.harmonise import Harmonise
from npc.radiomics.selection.base import listed
from npc.radiomics.selection.signature import Signature
from npc.radiomics.selection.steps import MRMR, Lasso, Reproducible, StepwiseAIC, Univariate


def pipeline(
    choices: DictConfig, slices: str, icc: pd.Series, threshold: float, scanner: pd.Series | None, seed: int
) -> Pipeline:
    """The guard, the adjustment for scanners if it is chosen, then the chain.

    Args:
        choices: `radiomics`.
        slices: `max` or `three`.
        icc: ICC by feature, of the patients with second outlines; empty if there are none.
        threshold: a feature is kept if its ICC is above it, `cohort.icc`.
        scanner: of each patient, for ComBat; None leaves the features as they are.
        seed: of the folds of the LASSO's cross-validation.
    """
    harmonise = [] if scanner is None else [("harmonise", Harmonise(scanner))]
    steps = chain(choices.selection, icc, threshold, seed).steps
    return Pipeline([("guard", Guard(slices, choices.features.slab)), *harmonise, *steps])


def chain(
    selection: SelectionConfig,
    icc: Mapping[str, float] | pd.Series | None = None,
    threshold: float = 0.75,
    seed: int = 0,
) -> Pipeline:
    """The test of reproducibility, the steps of the config, and the signature.

    Args:
        selection: the choices.
        icc: ICC by feature, where second outlines exist.
        threshold: of the ICC, `cohort.icc`.
        seed: of the LASSO's folds.

    Raises:
        InputError: an unknown step, or one that is given twice.
    """
    known = {
        "univariate": lambda: Univariate(selection.significance),
        "mrmr": lambda: MRMR(selection.mrmr),
        "lasso": lambda: Lasso(selection.folds, selection.penalty, seed),
        "aic": lambda: StepwiseAIC(selection.direction),
    }
    steps = list(selection.chain)
    if unknown := [name for name in steps if name not in known]:
        raise InputError(
            f"radiomics.selection.chain: unknown step {listed(unknown)}; the known steps are {', '.join(known)}"
        )
    if len(set(steps)) < len(steps):
        raise InputError(f"radiomics.selection.chain={','.join(steps)}: give each step only once")
    chosen = [(name, known[name]()) for name in steps]
    return Pipeline([("reproducible", Reproducible(icc, threshold)), *chosen, ("signature", Signature())])


def notes(fitted: Pipeline) -> list[str]:
    """Where the steps of a fitted chain deviated from their methods."""
    return [
        f"{name}: {note}" for name, step in fitted.steps for note in getattr(step, "notes_", ())
    ]  # scikit-learn's steps have none
