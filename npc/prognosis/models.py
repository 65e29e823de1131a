"""The models of a report: clinical, signatures, and these combined by logistic regression on the training cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.names import MODELS
from npc.prognosis.encoding import Encoding, learn
from npc.prognosis.estimable import estimated
from npc.prognosis.runs import Run
from npc.prognosis.univariate import Univariate
from npc.statistics import NotEstimable
from npc.statistics.logistic import Logistic, likelihood_ratio, logistic
from npc.statistics.logrank import Test


@dataclass(frozen=True)
class Term:
    """A term of a logistic regression.

    Attributes:
        name: `intercept`, `signature`, or the variable with its level or cut.
        label: how it is printed.
        coefficient: log odds.
        standard_error: of the coefficient.
        p: two-sided.
        odds_ratio: exp(coefficient); None of the intercept, and where it is too large for a number.
        ci: its 95% limits.
    """

    name: str
    label: str
    coefficient: float
    standard_error: float
    p: float
    odds_ratio: float | None = None
    ci: tuple[float, float] | None = None


@dataclass(frozen=True)
class Scale:
    """A line of a nomogram.

    Attributes:
        title: of the variable.
        marks: what to write at a value, and what the value adds to the log odds.
    """

    title: str
    marks: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Model:
    """A model that gives every patient a risk.

    Attributes:
        name: of `npc.names.MODELS`.
        risk: higher is worse; indexed by `patient_id`.
        fitted: the logistic regression; None for a signature, which is a run's own.
        terms: of the regression, in order.
        encoding: of its clinical variables.
        signatures: labels of its signatures, by term.
        design: the terms of all patients; of a signature alone, that signature. Training patients have the signature
            that the regression was fitted on.
        adds: likelihood-ratio test of each arm added to all others, by arm; of the model of all arms.
        notes: what a reader must know about it.
    """

    name: str
    risk: pd.Series
    fitted: Logistic | None = None
    terms: tuple[str, ...] = ()
    encoding: Encoding | None = None
    signatures: Mapping[str, str] = field(default_factory=dict)
    design: pd.DataFrame = field(default_factory=pd.DataFrame)
    adds: Mapping[str, Test | NotEstimable] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=())

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Clinical ones that it contains."""
        return self.encoding.variables if self.encoding else ()

    def regression(self) -> list[Term]:
        """The terms of a fitted model, the intercept first."""
        fitted = self.fitted
        assert fitted is not None
        labels = {"intercept": "Intercept", **self.signatures}
        if self.encoding:
            labels |= self.encoding.labels()
        terms = []
        for i, name in enumerate(("intercept", *self.terms)):
            ratio = estimated(fitted.odds_ratio, i - 1) if i else (None, None)
            if isinstance(ratio, NotEstimable):
                ratio = (None, None)
            coefficient, error, p = (float(of[i]) for of in (fitted.coefficient, fitted.standard_error, fitted.p))
            terms.append(Term(name, labels[name], coefficient, error, p, *ratio))
        return terms

    def scales(self, patients: pd.DataFrame) -> list[Scale]:
        """For a nomogram: what each value of each variable adds to the log odds."""
        assert self.fitted is not None
        weight = dict(zip(self.terms, self.fitted.coefficient[1:], strict=True))
        scales = []
        for term, label in self.signatures.items():
            values = np.linspace(0, 1, 11).round(1)
            scales.append(Scale(label, tuple((f"{v:g}", v * weight[term]) for v in values)))
        if self.encoding:
            for variable in self.encoding.variables:
                marks = tuple(
                    (mark, sum(value * weight[term] for term, value in terms.items()))
                    for mark, terms in self.encoding.marks(variable, patients[variable.name])
                )
                scales.append(Scale(f"{variable.title} {variable.cut}" if variable.cut else variable.title, marks))
        return scales


def signature(name: str, run: Run, index: pd.Index) -> Model:
    """A run's own risk; in `design`, the training patients have their out-of-fold risks where there are any."""
    risk = run.predictions["risk"].loc[index]
    unseen = risk.copy()
    if run.out_of_fold.exists():
        unseen.update(run.read_out_of_fold()["risk"])
    return Model(name, risk, signatures={"signature": MODELS[name]}, design=unseen.to_frame("signature"))


def clinical(patients: pd.DataFrame, tests: Sequence[Univariate], significance: float) -> Model:
    """Logistic regression of the significant clinical variables.

    Args:
        patients: with the variables, `split` and `label`.
        tests: of the training cohort.
        significance: below which a variable is taken.

    Raises:
        NotEstimable: none is significant, or the regression can't be fitted.
    """
    return _regression("clinical", patients, _chosen(tests, significance), {})


def clinical_with(patients: pd.DataFrame, tests: Sequence[Univariate], significance: float, size: pd.Series) -> Model:
    """As the combined model, with the logarithm of a tumour's size in the place of the signature.

    Args:
        patients: with the variables, `split` and `label`.
        tests: of the training cohort.
        significance: below which a variable is taken.
        size: positive, of all patients.

    Raises:
        NotEstimable: no variable is significant, or the regression can't be fitted.
    """
    return _regression("combined", patients, _chosen(tests, significance), {"signature": np.log(size)})


def combined(
    patients: pd.DataFrame, tests: Sequence[Univariate], significance: float, run: Run, signature: str
) -> Model:
    """Logistic regression of the signature and the significant clinical variables.

    Args:
        patients: with the variables, `split` and `label`.
        tests: of the training cohort.
        significance: below which a variable is taken.
        run: whose risk is the signature.
        signature: `out_of_fold` gives the training patients the risks of refits that did not see them
            (`train.py folds=K`), `in_sample` the run's own.

    Raises:
        NotEstimable: no variable is significant, or the regression can't be fitted.
        InputError: `out_of_fold.csv` is not of the training patients.
    """
    risk = run.predictions["risk"].loc[patients.index].copy()
    notes = []
    if signature == "out_of_fold" and run.out_of_fold.exists():
        risk.update(run.read_out_of_fold()["risk"])
        notes.append("fitted on out-of-fold signatures of the training cohort")
    elif run.method == "ensemble":  # its predictions have no others
        notes.append("fitted on out-of-fold signatures of the training cohort, which an ensemble always gives")
    elif signature == "out_of_fold":
        notes.append(
            "fitted on the training cohort's in-sample signatures, which are optimistic, as the signature was fitted "
            f"to these patients; for out-of-fold signatures {run.out_of_fold_remedy}"
        )
    else:
        notes.append("fitted on the training cohort's in-sample signatures, as in the paper")
    return _regression("combined", patients, _chosen(tests, significance), {"signature": risk}, notes)


def all_arms(
    patients: pd.DataFrame, tests: Sequence[Univariate], significance: float, runs: Mapping[str, Run]
) -> Model:
    """Logistic regression of several signatures and the significant clinical variables, if there are any.

    It is fitted on out-of-fold risks: with the risks of their own training patients, the arm that has memorised most
    would take all of the weight.

    Args:
        patients: with the variables, `split` and `label`.
        tests: of the training cohort.
        significance: below which a variable is taken.
        runs: of the arms, by method.

    Raises:
        NotEstimable: a run has no out-of-fold risks, or the regression can't be fitted.
        InputError: `out_of_fold.csv` is not of the training patients.
    """
    lacking = [run for run in runs.values() if not run.out_of_fold.exists()]
    if lacking:
        raise NotEstimable(f"out-of-fold risks are missing; {'; '.join(run.out_of_fold_remedy for run in lacking)}")
    risks = {}
    for method, run in runs.items():
        risks[method] = run.predictions["risk"].loc[patients.index].copy()
        risks[method].update(run.read_out_of_fold()["risk"])
    chosen = [test for test in tests if test.significant(significance)]
    note = "fitted on out-of-fold signatures of the training cohort"
    model = _regression("all_arms", patients, chosen, risks, [note])
    training = patients["split"] == "train"
    label, design = patients.loc[training, "label"], _design(patients, model.encoding, risks)[training]
    terms = {method: [method] for method in risks}
    if chosen:
        terms["clinical"] = [term for term in model.terms if term not in risks]
    adds = {
        arm: estimated(likelihood_ratio, label, design.drop(columns=own), design[own]) for arm, own in terms.items()
    }
    return replace(model, adds=adds)


def _chosen(tests: Sequence[Univariate], significance: float) -> list[Univariate]:
    chosen = [test for test in tests if test.significant(significance)]
    if not chosen:
        raise NotEstimable(
            f"no clinical variable is associated with the outcome in the training cohort (P < {significance:g})"
        )
    return chosen


def _design(patients: pd.DataFrame, encoding: Encoding | None, signatures: Mapping[str, pd.Series]) -> pd.DataFrame:
    """The terms of a regression: signatures, then clinical variables."""
    coded = [encoding.transform(patients)] if encoding else []
    return pd.concat([pd.DataFrame(dict(signatures), index=patients.index), *coded], axis=1)


def _regression(
    name: str,
    patients: pd.DataFrame,
    chosen: Sequence[Univariate],
    signatures: Mapping[str, pd.Series],
    notes: Sequence[str] = (),
) -> Model:
    training = patients["split"] == "train"
    encoding = learn([test.variable for test in chosen], patients[training]) if chosen else None
    design = _design(patients, encoding, signatures)
    fitted = logistic(patients.loc[training, "label"], design[training])
    filled = [f"{test.variable.title} ({test.missing})" for test in chosen if test.missing]
    notes = [*notes]
    if filled:
        notes.append(
            f"missing in the training cohort and filled with its median or most frequent level: {', '.join(filled)}"
        )
    if fitted.separation:
        notes.append(f"{fitted.separation}: there is no maximum likelihood, so the fit is Firth's penalised likelihood")
    return Model(
        name,
        pd.Series(fitted.probability(design), patients.index),
        fitted,
        tuple(map(str, design.columns)),
        encoding,
        {term: MODELS.get(term, "Signature") for term in signatures},
        design,
        notes=tuple(notes),
    )
