"""From many radiomic features to a signature: the steps of selection, as scikit-learn estimators.

Each is fitted on the rows it is given and sees no others. A step passes over features that do not vary there, and tells
in `notes_` where it had to depart from its method. Features are taken in the order of their names (of arrays, of their
columns), so that ties do not hang on the order of a table. A step may keep nothing: the signature is then the intercept
alone, the same risk for everyone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import ThreadpoolController

from npc.config.schema import SelectionConfig as Selection
from npc.errors import InputError
from npc.statistics import NotEstimable
from npc.statistics.lasso import CrossValidated, cross_validated_lasso
from npc.statistics.logistic import Logistic, logistic
from npc.statistics.mrmr import mrmr
from npc.statistics.screening import screen
from npc.statistics.stepwise import Stepwise, estimable, stepwise_aic

SHOWN = 10  # names in a message
BLAS = ThreadpoolController()  # matrices are small: one thread is faster, and callers have processes


def chain(
    selection: Selection, icc: Mapping[str, float] | pd.Series | None = None, threshold: float = 0.75, seed: int = 0
) -> Pipeline:
    """The steps of a config, between the gate of reproducibility and the signature.

    Args:
        selection: the choices.
        icc: ICC by feature, where second outlines exist.
        threshold: of the ICC, `cohort.icc`.
        seed: of the LASSO's folds.

    Raises:
        InputError: a step that there is not.
    """
    known = {
        "univariate": lambda: Univariate(selection.significance),
        "mrmr": lambda: MRMR(selection.mrmr),
        "lasso": lambda: Lasso(selection.folds, selection.penalty, seed),
        "aic": lambda: StepwiseAIC(selection.direction),
    }
    steps = list(selection.chain)
    if unknown := [name for name in steps if name not in known]:
        raise InputError(f"radiomics.selection.chain: no step {_listed(unknown)}; there are {', '.join(known)}")
    if len(set(steps)) < len(steps):
        raise InputError(f"radiomics.selection.chain={','.join(steps)}: a step can be taken once")
    chosen = [(name, known[name]()) for name in steps]
    return Pipeline([("reproducible", Reproducible(icc, threshold)), *chosen, ("signature", Signature())])


def notes(fitted: Pipeline) -> list[str]:
    """Where the steps of a fitted chain departed from their methods."""
    return [f"{name}: {note}" for name, step in fitted.steps for note in step.notes_]


class _Fitted(BaseEstimator):
    """What steps and signature share: reading of their input, and features in the order of their names."""

    notes_: list[str]
    n_features_in_: int

    def _read(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, labels, and the features that vary by the order of their names."""
        values = self._values(X, reset=True)
        label = np.asarray(y)
        if label.shape != (len(values),) or not np.isin(label, (0, 1)).all():
            raise InputError("the label of the signature must be 0 or 1, one for each patient")
        if len(np.unique(label)) < 2:
            raise NotEstimable("all patients are of one class")
        names = getattr(self, "feature_names_in_", None)
        order = np.arange(values.shape[1]) if names is None else np.argsort(names, kind="stable")
        return values, label.astype(int), order[np.ptp(values[:, order], axis=0) > 0]

    def _values(self, X: Any, reset: bool, needed: np.ndarray | None = None) -> np.ndarray:
        """Values of all features, after a check of those needed.

        Raises:
            InputError: naming the features that are no numbers, or not finite.
        """
        validate_data(self, X, reset=reset, skip_check_array=True)
        if isinstance(X, pd.DataFrame):
            if strange := [str(name) for name, of in X.dtypes.items() if not pd.api.types.is_numeric_dtype(of)]:
                raise InputError(f"radiomic features: no numbers in {_listed(strange)}; leave these columns out")
            values = X.to_numpy(dtype=float, na_value=np.nan)
        else:
            values = np.asarray(X, dtype=float)
        gaps = ~np.isfinite(values)
        if needed is not None:
            gaps = gaps & needed
        if gaps.any():
            raise InputError(
                f"radiomic features: not finite in {gaps.any(axis=1).sum()} of {len(values)} patients: "
                f"{_listed(self._names(np.flatnonzero(gaps.any(axis=0))))}; leave out these patients "
                "(radiomics.missing=exclude) or these features"
            )
        return values

    def _names(self, columns: Sequence[int] | np.ndarray) -> list[str]:
        names = getattr(self, "feature_names_in_", None)
        return [f"x{column}" if names is None else str(names[column]) for column in columns]

    def _note_left_out(self, left_out: dict[int, str], columns: np.ndarray) -> None:
        for why in sorted(set(left_out.values())):
            names = self._names(columns[[term for term in left_out if left_out[term] == why]])
            self.notes_.append(f"left out, {why}: {_listed(names)}")

    def _note_few(self, label: np.ndarray, features: int) -> None:
        if (rarer := int(np.bincount(label).min())) <= features:
            most = f"a model may have {rarer - 1} terms at most"
            self.notes_.append(f"{features} features but only {rarer} patients of the rarer class: {most}")


class _Step(SelectorMixin, _Fitted):
    """Keeps some of the features.

    Attributes:
        support_: which.
        notes_: where the step departed from its method.
    """

    support_: np.ndarray

    def fit(self, X: Any, y: Any) -> Self:
        """Chooses features.

        Args:
            X: (patients, features), a DataFrame or an array; there may be no feature at all.
            y: 0 or 1, (patients,).

        Raises:
            InputError: naming features that are not finite.
            NotEstimable: one class only.
        """
        values, label, varying = self._read(X, y)
        self.notes_ = []
        self.support_ = np.zeros(values.shape[1], dtype=bool)
        if not len(varying):
            self.notes_.append("kept none: no feature that varies came to it")
            return self
        try:
            with BLAS.limit(limits=1, user_api="blas"):
                kept = self._choose(values[:, varying], label, varying)
        except NotEstimable as error:
            self.notes_.append(f"kept none: {error}")
        else:
            self.support_[varying[kept]] = True
        return self

    def transform(self, X: Any) -> Any:
        """The features that were kept; a DataFrame stays one.

        Args:
            X: (patients, features), of the columns that the step was fitted with.

        Raises:
            InputError: naming kept features that are not finite.
        """
        check_is_fitted(self, "support_")
        values = self._values(X, reset=False, needed=self.support_)
        return X.loc[:, self.support_] if isinstance(X, pd.DataFrame) else values[:, self.support_]

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "support_")
        return self.support_

    def _choose(self, values: np.ndarray, label: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Which of these columns are kept, as a mask or as positions."""
        raise NotImplementedError


class Reproducible(_Step):
    """Keeps features that stay the same when a tumour is outlined again.

    A feature without an ICC passes; one whose ICC is NaN, not estimable, does not.

    Args:
        icc: ICC by feature's name (of arrays x0, x1, ...); None where there are no second outlines: all pass.
        threshold: a feature passes above it.
    """

    def __init__(self, icc: Mapping[str, float] | pd.Series | None = None, threshold: float = 0.75) -> None:
        self.icc = icc
        self.threshold = threshold

    def _choose(self, values: np.ndarray, label: np.ndarray, columns: np.ndarray) -> np.ndarray:
        known = {} if self.icc is None else dict(self.icc)
        kept = np.array([known.get(name, np.inf) > self.threshold for name in self._names(columns)])
        if not kept.any():
            self.notes_.append(f"kept none: no feature has an ICC above {self.threshold:g}")
        return kept


class Univariate(_Step):
    """Keeps features that differ between the classes: Mann-Whitney, of two distinct values chi-squared or Fisher.

    Args:
        significance: a feature is kept with P below it.

    Attributes:
        p_: P of each feature; NaN where it does not vary.
    """

    def __init__(self, significance: float = 0.05) -> None:
        self.significance = significance

    def _choose(self, values: np.ndarray, label: np.ndarray, columns: np.ndarray) -> np.ndarray:
        self.p_ = np.full(self.n_features_in_, np.nan)
        self.p_[columns] = screen(label, values)
        kept = self.p_[columns] < self.significance
        if not kept.any():
            self.notes_.append(f"kept none: no feature has P below {self.significance:g}")
        return kept


class MRMR(_Step):
    """Keeps the features that minimum redundancy, maximum relevance takes first; mRMRe's estimator.

    Args:
        keep: how many; all where there are no more.

    Attributes:
        order_: columns kept, in order of selection.
    """

    def __init__(self, keep: int = 20) -> None:
        self.keep = keep

    def _choose(self, values: np.ndarray, label: np.ndarray, columns: np.ndarray) -> np.ndarray:
        chosen = np.array(mrmr(label, values, min(self.keep, len(columns)))[0])
        self.order_ = columns[chosen]
        return chosen


class Lasso(_Step):
    """Keeps features with a coefficient at the penalty that cross-validation chooses.

    Args:
        folds: of the cross-validation, stratified; at most one for each patient.
        penalty: `min` of the deviance, or `1se`, the greatest penalty within one standard error of that.
        seed: of the folds.

    Attributes:
        cross_validated_: path and deviances, of the columns `columns_`.
        columns_: that came in and vary, in order of their names.
        penalty_: lambda.
    """

    cross_validated_: CrossValidated

    def __init__(self, folds: int = 10, penalty: str = "min", seed: int = 0) -> None:
        self.folds = folds
        self.penalty = penalty
        self.seed = seed

    def _choose(self, values: np.ndarray, label: np.ndarray, columns: np.ndarray) -> np.ndarray:
        if self.penalty not in ("min", "1se"):
            raise InputError(f"radiomics.selection.penalty={self.penalty}: must be min or 1se")
        found = cross_validated_lasso(label, values, min(self.folds, len(label)), self.seed)
        index = found.minimum if self.penalty == "min" else found.within_one_error
        self.cross_validated_, self.columns_, self.penalty_ = found, columns, float(found.path.penalty[index])
        kept = found.path.coefficient[index] != 0
        if not kept.any():
            self.notes_.append("kept none: all coefficients are 0 at the chosen penalty")
        return kept


class StepwiseAIC(_Step):
    """Keeps the terms of a logistic regression that Akaike's criterion leaves, step by step.

    Args:
        direction: `both` begins with the intercept alone, adds and drops; `backward` begins with all features that one
            model can hold, and drops.

    Attributes:
        stepwise_: path and model, of the columns `columns_`.
        columns_: that came in and vary, in order of their names.
    """

    stepwise_: Stepwise

    def __init__(self, direction: str = "both") -> None:
        self.direction = direction

    def _choose(self, values: np.ndarray, label: np.ndarray, columns: np.ndarray) -> np.ndarray:
        self._note_few(label, len(columns))
        found = stepwise_aic(label, values, self.direction)
        self.stepwise_, self.columns_ = found, columns
        self._note_left_out(found.left_out, columns)
        if not found.terms:
            self.notes_.append("kept none: no feature lowers the AIC")
        return np.array(found.terms, dtype=int)


class Signature(ClassifierMixin, _Fitted):
    """Logistic regression on the features that are left; its risk is the chance of the event.

    By maximum likelihood, with separated classes by Firth's penalised likelihood. Features that do not vary, that
    follow from others, or that are more than events allow are left out; without any the risk is the share of events.

    Attributes:
        coef_: log odds of each feature that came in, 0 where left out, (1, features).
        intercept_: (1,).
        support_: which features are terms.
        model_: the regression, of these terms in order of their names, at mean 0 and SD 1.
        notes_: where the fit departed from maximum likelihood of all features.
        classes_: 0 and 1.
    """

    model_: Logistic

    def fit(self, X: Any, y: Any) -> Self:
        """Fits the regression.

        Args:
            X: (patients, features), a DataFrame or an array; there may be no feature at all.
            y: 0 or 1, (patients,).

        Raises:
            InputError: naming features that are not finite.
            NotEstimable: one class only.
        """
        values, label, varying = self._read(X, y)
        self.notes_, self.classes_ = [], np.array([0, 1])
        with BLAS.limit(limits=1, user_api="blas"):
            terms, left_out = estimable(label, values[:, varying], separated=True)
            columns = varying[terms]
            try:
                self._regress(values, label, columns)
            except NotEstimable as error:
                self.notes_.append(f"{error}: no feature is a term")
                self._regress(values, label, columns[:0])
        if left_out:
            self._note_few(label, len(varying))
        self._note_left_out(left_out, varying)
        if self.model_.separation:
            self.notes_.append(f"{self.model_.separation}: fitted by Firth's penalised likelihood")
        if not self.support_.any():
            self.notes_.append("no feature: the risk is the share of events, the same for everyone")
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Chances of no event and of the event, (patients, 2).

        Args:
            X: (patients, features), of the columns that the signature was fitted with.

        Raises:
            InputError: naming terms that are not finite.
        """
        chance = expit(self.decision_function(X))
        return np.column_stack([1 - chance, chance])

    def decision_function(self, X: Any) -> np.ndarray:
        """Log odds of the event, (patients,).

        Args:
            X: as for `predict_proba`.
        """
        check_is_fitted(self, "coef_")
        values = self._values(X, reset=False, needed=self.support_)
        return self.intercept_[0] + values[:, self.support_] @ self.coef_[0, self.support_]

    def predict(self, X: Any) -> np.ndarray:
        """The class whose chance is greater, (patients,).

        Args:
            X: as for `predict_proba`.
        """
        return (self.decision_function(X) > 0).astype(int)

    def _regress(self, values: np.ndarray, label: ArrayLike, columns: np.ndarray) -> None:
        terms = values[:, columns]
        centre, scale = terms.mean(axis=0), terms.std(axis=0)
        self.model_ = logistic(label, (terms - centre) / scale)
        self.coef_ = np.zeros((1, values.shape[1]))
        self.coef_[0, columns] = self.model_.coefficient[1:] / scale
        self.intercept_ = self.model_.coefficient[:1] - self.coef_[0, columns] @ centre
        self.support_ = np.isin(np.arange(values.shape[1]), columns)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
