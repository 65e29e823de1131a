"""What the whole choice of a model is worth on the training cohort, every step made again in each refit.

For the clinical model the steps are the tests that choose variables, the encoding, the values filled in and the
regression. The combined model has the same steps beside the out-of-fold signature, which stays what it is: its refits
are its own cross-validation. A signature's figures are those that its run has written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from npc.cohort.clinical import Variable
from npc.prognosis.encoding import learn
from npc.prognosis.estimable import estimated
from npc.prognosis.models import Model, design, training_rows
from npc.prognosis.runs import Run
from npc.prognosis.signature_validity import signature_nested_cv, signature_optimism
from npc.prognosis.univariate import univariate
from npc.statistics import NotEstimable
from npc.statistics.internal_validation import (
    NestedCv,
    Optimism,
    bootstrap_optimism,
    nested_cross_validation,
)
from npc.statistics.logistic import logistic

_SEEN = (
    "the signature's risks of the training patients are of a fit that saw them, so that no refit judges it; make "
    "out-of-fold risks"
)


@dataclass(frozen=True)
class Validity:
    """Of one model.

    Attributes:
        nested_cv: repeated nested cross-validation.
        optimism: bootstrap.
    """

    nested_cv: NestedCv | NotEstimable
    optimism: Optimism | NotEstimable


def validity(
    patients: pd.DataFrame,
    models: Mapping[str, Model],
    variables: Sequence[Variable],
    signatures: Mapping[str, Run],
    choices: DictConfig,
) -> dict[str, Validity]:
    """Of the clinical and the combined model and of each signature, where these are among the models.

    Args:
        patients: `split`, `label` and the variables, indexed by `patient_id`.
        models: made on them.
        variables: that were tested.
        signatures: run of each signature, by model.
        choices: of `evaluate.py`: `prognosis.significance`, `prognosis.nested`, `prognosis.repeats`,
            `prognosis.optimism` and `report.seed`.
    """
    made = {name: models[name] for name in ("clinical", "combined") if name in models}
    regressions = {name: model for name, model in made.items() if model.unseen is not False}
    made_again = _regressions(patients, regressions, variables, choices) if regressions else []
    found = dict(zip(regressions, made_again, strict=True))
    found |= {name: Validity(*[NotEstimable(_SEEN)] * 2) for name in made if name not in regressions}
    for name, run in signatures.items():
        if name in models:
            found[name] = Validity(estimated(signature_nested_cv, run), estimated(signature_optimism, run))
    return {name: found[name] for name in models if name in found}


def _regressions(
    patients: pd.DataFrame, models: Mapping[str, Model], variables: Sequence[Variable], choices: DictConfig
) -> list[Validity]:
    training = patients[training_rows(patients)].sort_index()
    label, prognosis, seed = training["label"].astype(int), choices.prognosis, choices.report.seed
    signatures = [
        {term: model.design.loc[training.index, term].reset_index(drop=True) for term in model.signatures}
        for model in models.values()
    ]
    make = partial(_make, training.reset_index(drop=True), variables, prognosis.significance, signatures)
    off = NotEstimable("its number is 0 in this report (prognosis.repeats, prognosis.optimism)")
    nested = (
        estimated(nested_cross_validation, label, make, folds=prognosis.nested, repeats=prognosis.repeats, seed=seed)
        if prognosis.repeats
        else off
    )
    corrected = (
        estimated(bootstrap_optimism, label, make, samples=prognosis.optimism, seed=seed) if prognosis.optimism else off
    )
    return [
        Validity(
            nested if isinstance(nested, NotEstimable) else nested[i],
            corrected if isinstance(corrected, NotEstimable) else corrected[i],
        )
        for i in range(len(models))
    ]


def _make(
    training: pd.DataFrame,
    variables: Sequence[Variable],
    significance: float,
    signatures: Sequence[Mapping[str, pd.Series]],
    fitted: np.ndarray,
    predicted: np.ndarray,
) -> np.ndarray:
    """Risks by each model, of which each has its signatures; a `Maker` when the first four are given."""
    rows, others = (training.iloc[at].reset_index(drop=True) for at in (fitted, predicted))
    chosen = [test.variable for test in univariate(rows, variables) if test.significant(significance)]
    encoding = learn(chosen, rows) if chosen else None
    risks = []
    for own in signatures:
        if encoding is None and not own:  # no variable is significant: all patients have the same risk
            risks.append(np.zeros(len(predicted)))
            continue
        columns, theirs = (
            design(of, encoding, {term: risk.iloc[at].reset_index(drop=True) for term, risk in own.items()})
            for of, at in ((rows, fitted), (others, predicted))
        )
        model = estimated(logistic, rows["label"], columns)
        risks.append(np.full(len(predicted), np.nan) if isinstance(model, NotEstimable) else model.probability(theirs))
    return np.column_stack(risks)
