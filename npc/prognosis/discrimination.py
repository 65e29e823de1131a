"""AUCs of risks with their intervals, and paired tests between models."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.bootstrap import auc_interval
from npc.statistics.delong import Comparison, delong
from npc.statistics.holm import holm

NESTED = (
    "P is not valid: one model contains the other, and the larger one was fitted to these patients; the "
    "likelihood-ratio test, or another cohort, shows what it adds"
)
UNLIKE = (
    "one model has out-of-fold risks of the training patients, the other risks of a fit that saw them; make the "
    "out-of-fold risks of both (train.py refit=RUN folds=5)"
)


@dataclass(frozen=True)
class AucResult:
    """The AUC of a risk in a cohort.

    Attributes:
        estimate: probability that of two patients with different labels the one with the event has the higher risk.
        intervals: 95% limits by kind, `delong`, `logit` and `bootstrap`; empty where there is no estimate.
        n: patients.
        events: of them with label 1.
    """

    estimate: float | NotEstimable
    intervals: Mapping[str, tuple[float, float] | NotEstimable]
    n: int
    events: int


@dataclass(frozen=True)
class ModelComparison:
    """Paired DeLong test of two models in a cohort.

    Attributes:
        first: name of a model.
        second: the same; the difference is first minus second.
        split: of the patients.
        test: of the AUCs.
        nested: whether it is of the training cohort and one model contains the other, so that P is not valid: the
            larger model was fitted to these patients.
        p_holm: corrected for all pairs of the cohort that have a test (Holm); None without one.
    """

    first: str
    second: str
    split: str
    test: Comparison | NotEstimable
    p_holm: float | None
    nested: bool = False


def auc(label: pd.Series, risk: pd.Series, *, draws: int, seed: int) -> AucResult:
    """AUC with DeLong's, the logit and the bootstrap interval.

    Args:
        label: 0 or 1 of each patient.
        risk: higher is worse, of the same patients.
        draws: of the bootstrap.
        seed: of the draws.
    """
    counts = {"n": len(label), "events": int(label.sum())}
    found = estimated(delong, label, risk)
    if isinstance(found, NotEstimable):
        return AucResult(found, {}, **counts)
    intervals = {
        "delong": estimated(found.interval),
        "logit": estimated(found.logit_interval),
        "bootstrap": estimated(auc_interval, label, risk, draws=draws, seed=seed),
    }
    return AucResult(float(found.auc[0]), intervals, **counts)


def comparisons(
    patients: pd.DataFrame,
    risks: Mapping[str, pd.Series],
    *,
    unlike: Collection[frozenset[str]] = (),
    nested: Collection[frozenset[str]] = (),
) -> tuple[ModelComparison, ...]:
    """All pairs of models in each cohort.

    Args:
        patients: `split` and `label`.
        risks: of all patients, by model.
        unlike: pairs of models that are not compared on the training cohort, see `npc.prognosis.training_risks`.
        nested: pairs whose comparison there is marked.
    """
    return tuple(
        one
        for split, rows in patients.groupby("split")
        for one in _pairs(str(split), rows, risks, *((unlike, nested) if split == "train" else ((), ())))
    )


def _pairs(
    split: str,
    rows: pd.DataFrame,
    risks: Mapping[str, pd.Series],
    unlike: Collection[frozenset[str]],
    nested: Collection[frozenset[str]],
) -> Iterator[ModelComparison]:
    names = list(combinations(risks, 2))
    tests = [
        NotEstimable(UNLIKE)
        if frozenset(pair) in unlike
        else estimated(_paired, rows["label"], *(risks[name].loc[rows.index] for name in pair))
        for pair in names
    ]
    for (first, second), test, p in zip(names, tests, holm(tests), strict=True):
        known = not isinstance(test, NotEstimable)
        yield ModelComparison(first, second, split, test, p, known and frozenset((first, second)) in nested)


def _paired(label: pd.Series, first: pd.Series, second: pd.Series) -> Comparison:
    return delong(label, pd.concat([first, second], axis=1)).compare(0, 1)
