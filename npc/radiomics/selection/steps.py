"""The selection steps, as scikit-learn estimators that keep some of the features.

Each is fitted on the rows that it receives and uses no others. A step ignores features that do not vary in these rows,
and records in `notes_` where it had to deviate from its method. It may keep no feature: the signature is then the
intercept alone, the same risk for all patients.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from npc.errors import InputError
from npc.radiomics.selection.base import BLAS, Fitted
from npc.statistics import NotEstimable
from npc.statistics.lasso import CrossValidated, cross_validated_lasso
from npc.statistics.mrmr import mrmr
from npc.statistics.screening import screen
from npc.statistics.stepwise import Stepwise, stepwise_aic


class Step(SelectorMixin, Fitted):
    """Keeps some of the features.

    Attributes:
        support_: which features are kept.
        notes_: where the step deviated from its method.
    """

    support_: np.ndarray

    def fit(self, X: Any, y: Any) -> Self:
        """Chooses features.

        Args:
            X: (patients, features), a DataFrame or an array; there may be no feature at all.
            y: 0 or 1, (patients,).

        Raises:
            InputError: names features that are not finite.
            NotEstimable: one class only.
        """
        values, label, varying = self._read(X, y)
        self.notes_ = []
        self.support_ = np.zeros(values.shape[1], dtype=bool)
        if not len(varying):
            self.notes_.append("kept none: no input feature varies")
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
        """The features that were kept; a DataFrame gives a DataFrame.

        Args:
            X: (patients, features), of the columns that the step was fitted with.

        Raises:
            InputError: names kept features that are not finite.
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


class Reproducible(Step):
    """Keeps features that are reproducible when a tumour is outlined again.

    A feature without an ICC passes; one whose ICC is NaN, not estimable, does not.

    Args:
        icc: ICC by feature's name (of arrays x0, x1, ...); None where there are no second outlines: all pass.
        threshold: a feature passes if its ICC is above it.
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


class Univariate(Step):
    """Keeps features that differ between the classes: Mann-Whitney; for two distinct values chi-squared or Fisher.

    Args:
        significance: a feature is kept if its P value is below it.

    Attributes:
        p_: P value of each feature; NaN where it does not vary.
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


class MRMR(Step):
    """Keeps the features that minimum redundancy, maximum relevance selects first; mRMRe's estimator.

    Args:
        keep: number of features to keep; all if there are not more.

    Attributes:
        order_: columns kept, in order of selection.
    """

    def __init__(self, keep: int = 20) -> None:
        self.keep = keep

    def _choose(self, values: np.ndarray, label: np.ndarray, columns: np.ndarray) -> np.ndarray:
        chosen = np.array(mrmr(label, values, min(self.keep, len(columns)))[0])
        self.order_ = columns[chosen]
        return chosen


class Lasso(Step):
    """Keeps features with a non-zero coefficient at the penalty chosen by cross-validation.

    Args:
        folds: of the cross-validation, stratified; at most one for each patient.
        penalty: `min`, at the minimum deviance, or `1se`, the greatest penalty within one standard error of it.
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


class StepwiseAIC(Step):
    """Keeps the terms of a logistic regression that stepwise selection by Akaike's criterion chooses.

    Args:
        direction: `both` begins with the intercept alone, adds and drops; `backward` begins with all features that are
            estimable in one model, and drops.

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
