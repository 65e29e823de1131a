"""The models of a report: clinical, signatures, and these combined by logistic regression on the training cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.names import MODELS
from npc.prognosis.encoding import Encoding, ends, learn, round_values
from npc.prognosis.estimable import estimated, readable
from npc.prognosis.outside_training import filled_values, unseen_levels
from npc.prognosis.runs import Run
from npc.prognosis.scales import Scale
from npc.prognosis.terms import Profile, Term, profiles, terms
from npc.prognosis.univariate import Univariate
from npc.statistics import NotEstimable
from npc.statistics.logistic import Logistic, likelihood_ratio, logistic
from npc.statistics.logrank import Test
from npc.statistics.stacking import with_positive_weights


@dataclass(frozen=True)
class Model:
    """A model that gives every patient a risk.

    Attributes:
        name: of `npc.names.MODELS`.
        risk: higher is worse; indexed by `patient_id`.
        held_out: the same, with a signature's out-of-fold risks of the training patients where there are any: these
            fix threshold and cut-off, group the training patients and are compared with other models.
        unseen: whether the signatures' risks of training patients are of fits that did not see them; None without
            signature.
        parts: clinical variables and run keys of signatures.
        fitted: the logistic regression; None for a signature, which is a run's own.
        terms: of the regression, in order.
        profiles: limits of the log odds of each term, and P, of Firth's fit; empty of others.
        encoding: of its clinical variables.
        signatures: labels of its signatures, by term.
        spans: low and high values of each signature, by term (`npc.prognosis.encoding.ends`).
        design: the terms of all patients, by which the regression was fitted; empty of a signature.
        adds: likelihood-ratio test of each arm added to all others, by arm, whether the model of all arms keeps it or
            leaves it out.
        notes: what a reader must know about it.
    """

    name: str
    risk: pd.Series
    held_out: pd.Series
    unseen: bool | None = None
    parts: frozenset[str] = frozenset()
    fitted: Logistic | None = None
    terms: tuple[str, ...] = ()
    profiles: tuple[Profile | NotEstimable, ...] = ()
    encoding: Encoding | None = None
    signatures: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    design: pd.DataFrame = field(default_factory=pd.DataFrame)
    adds: Mapping[str, Test | NotEstimable] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=())

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Clinical ones that it contains."""
        return self.encoding.variables if self.encoding else ()

    def regression(self) -> list[Term]:
        """The terms of a fitted model, the intercept first."""
        assert self.fitted is not None
        labels = {"intercept": "Intercept", **self.signatures}
        if self.encoding:
            labels |= self.encoding.labels()
        return terms(self.fitted, [(name, labels[name]) for name in ("intercept", *self.terms)], self.profiles)

    def scales(self, patients: pd.DataFrame) -> dict[str, Scale]:
        """For a nomogram, by variable: what each value adds to the log odds."""
        assert self.fitted is not None
        weight = dict(zip(self.terms, map(float, self.fitted.coefficient[1:]), strict=True))
        scales = {}
        for term, label in self.signatures.items():
            marks = tuple((f"{v:g}", v * weight[term]) for v in round_values(*self.spans[term]))
            scales[term] = Scale(label, marks, continuous=True, terms=(term,))
        if self.encoding:
            for variable in self.encoding.variables:
                marks = tuple(
                    (mark, sum(value * weight[term] for term, value in terms.items()))
                    for mark, terms in self.encoding.marks(variable, patients[variable.name])
                )
                title = f"{variable.title} {variable.cut}" if variable.cut else variable.title
                graded = variable.kind == "continuous" and not variable.cut
                scales[variable.name] = Scale(title, marks, graded, self.encoding.terms(variable))
        return scales


def signature(name: str, run: Run, index: pd.Index, kind: str = "out_of_fold") -> Model:
    """A run's own risk.

    Args:
        name: of the model.
        run: whose risk it is.
        index: of the patients.
        kind: as for `combined`; an `out_of_fold.csv` that can't be read leaves the run's own risks, with a note.
    """
    risk = run.risk.loc[index]
    found = readable(_training_risks, run, index, kind)
    if isinstance(found, NotEstimable):
        unseen = run.method == "ensemble"  # its predictions are out of fold, too
        used = "the risks of predictions.csv" if unseen else "in-sample risks"
        return Model(name, risk, risk, unseen, frozenset([run.key]), notes=(f"{used} are used: {found}",))
    held_out, unseen = found
    notes: tuple[str, ...] = ()
    if unseen and run.method != "ensemble":
        notes = (
            "threshold, cut-off and risk groups of the training cohort, and its comparisons with other models, are by "
            "out-of-fold risks; the AUC of the training cohort is apparent, beside it is that of the out-of-fold risks",
        )
    return Model(name, risk, held_out, unseen, frozenset([run.key]), notes=notes)


def _training_risks(run: Run, index: pd.Index, kind: str) -> tuple[pd.Series, bool]:
    """Risks in which those of training patients are out of fold, if asked for and there; and whether they are."""
    risk = run.risk.loc[index].copy()
    if kind == "out_of_fold" and run.out_of_fold.exists():
        risk.update(run.read_out_of_fold()["risk"])
        return risk, True
    return risk, run.method == "ensemble"  # its predictions have no others


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
    risk, unseen = _training_risks(run, patients.index, signature)
    notes = []
    if signature == "out_of_fold" and run.out_of_fold.exists():
        notes.append("fitted on out-of-fold signatures of the training cohort")
    elif unseen:
        notes.append("fitted on out-of-fold signatures of the training cohort, which an ensemble always gives")
    elif signature == "out_of_fold":
        notes.append(
            "fitted on the training cohort's in-sample signatures, which are optimistic, as the signature was fitted "
            f"to these patients; for out-of-fold signatures {run.out_of_fold_remedy}"
        )
    else:
        notes.append("fitted on the training cohort's in-sample signatures, as in the paper")
    model = _regression("combined", patients, _chosen(tests, significance), {"signature": risk}, notes)
    return replace(model, unseen=unseen, parts=model.parts | {run.key})


def all_arms(
    patients: pd.DataFrame, tests: Sequence[Univariate], significance: float, runs: Mapping[str, Run]
) -> Model:
    """Logistic regression of several signatures and the significant clinical variables, if there are any.

    It is fitted on out-of-fold risks: with the risks of their own training patients, the arm that has memorised most
    would take all of the weight. No signature has a negative weight (`npc.statistics.stacking`); one whose weight is
    then 0 is left out.

    Args:
        patients: with the variables, `split` and `label`.
        tests: of the training cohort.
        significance: below which a variable is taken.
        runs: of the arms, by method.

    Raises:
        NotEstimable: a run has no out-of-fold risks, no arm has a positive weight, or the regression can't be fitted.
        InputError: `out_of_fold.csv` is not of the training patients.
    """
    lacking = [run for run in runs.values() if not run.out_of_fold.exists()]
    if lacking:
        raise NotEstimable(f"out-of-fold risks are missing; {'; '.join(run.out_of_fold_remedy for run in lacking)}")
    risks = {method: _training_risks(run, patients.index, "out_of_fold")[0] for method, run in runs.items()}
    chosen = [test for test in tests if test.significant(significance)]
    training = training_rows(patients)
    encoding = learn([test.variable for test in chosen], patients[training]) if chosen else None
    label, columns = patients.loc[training, "label"], design(patients, encoding, risks)[training]
    kept = with_positive_weights(label, columns, list(risks))
    notes = ["fitted on out-of-fold signatures of the training cohort"]
    if left_out := [MODELS[method] for method in risks if method not in kept]:
        notes.append(
            "left out, as the weight would be negative or 0 beside the signatures that are kept: "
            f"{', '.join(left_out)}; intervals and P values of the others take no account of this choice"
        )
    if len(kept) == 1:
        same = "contains it and the clinical variables alone" if chosen else "ranks the patients as that signature does"
        notes.append(f"one signature is left, so that this model {same}")
    model = _regression("all_arms", patients, chosen, {method: risks[method] for method in kept}, notes)
    terms = {method: [method] for method in risks}
    if chosen:
        terms["clinical"] = [str(term) for term in columns if term not in risks]
    adds = {
        arm: estimated(likelihood_ratio, label, columns.drop(columns=own), columns[own]) for arm, own in terms.items()
    }
    return replace(model, adds=adds, unseen=True, parts=model.parts | {run.key for run in runs.values()})


def _chosen(tests: Sequence[Univariate], significance: float) -> list[Univariate]:
    chosen = [test for test in tests if test.significant(significance)]
    if not chosen:
        raise NotEstimable(
            f"no clinical variable is associated with the outcome in the training cohort (P < {significance:g})"
        )
    return chosen


def training_rows(patients: pd.DataFrame) -> pd.Series:
    """Those on whom a regression is fitted: the training cohort, without patients whose label is not known."""
    return (patients["split"] == "train") & patients["label"].notna()


def design(patients: pd.DataFrame, encoding: Encoding | None, signatures: Mapping[str, pd.Series]) -> pd.DataFrame:
    """The terms of a regression: signatures, then clinical variables.

    Args:
        patients: with the variables of the encoding.
        encoding: None without clinical variables.
        signatures: risks of these patients, by term.
    """
    coded = [encoding.transform(patients)] if encoding else []
    return pd.concat([pd.DataFrame(dict(signatures), index=patients.index), *coded], axis=1)


def _regression(
    name: str,
    patients: pd.DataFrame,
    chosen: Sequence[Univariate],
    signatures: Mapping[str, pd.Series],
    notes: Sequence[str] = (),
) -> Model:
    training = training_rows(patients)
    encoding = learn([test.variable for test in chosen], patients[training]) if chosen else None
    columns = design(patients, encoding, signatures)
    label = patients.loc[training, "label"]
    fitted = logistic(label, columns[training])
    notes = [*notes, *filled_values([test.variable for test in chosen], patients, training)]
    notes += unseen_levels([test.variable for test in chosen], patients, training)
    if fitted.separation:
        notes.append(
            f"{fitted.separation}: there is no maximum likelihood, so the fit is Firth's penalised likelihood, with "
            "the intervals of its profile and the P of its likelihood ratio"
        )
    risk = pd.Series(fitted.probability(columns), patients.index)
    return Model(
        name,
        risk,
        risk,
        None,
        frozenset(test.variable.name for test in chosen),
        fitted,
        tuple(map(str, columns.columns)),
        profiles(fitted, label, columns[training]),
        encoding,
        {term: MODELS.get(term, "Signature") for term in signatures},
        {term: ends(values) for term, values in signatures.items()},
        columns,
        notes=tuple(notes),
    )
