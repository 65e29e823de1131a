"""The signature: the logistic regression at the end of a selection chain."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from npc.radiomics.selection.base import BLAS, Fitted
from npc.statistics import NotEstimable
from npc.statistics.logistic import Logistic, logistic
from npc.statistics.stepwise import estimable


class Signature(ClassifierMixin, Fitted):
    """Logistic regression on the selected features; its risk is the probability of the event.

    Fitted by maximum likelihood, or by Firth's penalised likelihood if the classes are separated. Features that do not
    vary, that depend linearly on others, or that are too many for the number of events are left out; without any
    feature the risk is the proportion of events.

    Attributes:
        coef_: log odds ratio per unit of each input feature, 0 if it is left out, (1, features).
        intercept_: (1,).
        support_: which features are terms.
        model_: the regression on these terms in order of their names, standardised to mean 0 and SD 1.
        notes_: where the fit deviated from maximum likelihood with all features.
        classes_: 0 and 1.
    """

    model_: Logistic

    def fit(self, X: Any, y: Any) -> Self:
        """Fits the regression.

        Args:
            X: (patients, features), a DataFrame or an array; there may be no feature at all.
            y: 0 or 1, (patients,).

        Raises:
            InputError: names features that are not finite.
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
            self.notes_.append("no feature: the risk is the proportion of events, the same for all patients")
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of no event and of the event, (patients, 2).

        Args:
            X: (patients, features), of the columns that the signature was fitted with.

        Raises:
            InputError: names terms that are not finite.
        """
        probability = expit(self.decision_function(X))
        return np.column_stack([1 - probability, probability])

    def decision_function(self, X: Any) -> np.ndarray:
        """Log odds of the event, (patients,).

        Args:
            X: as for `predict_proba`.
        """
        check_is_fitted(self, "coef_")
        values = self._values(X, reset=False, needed=self.support_)
        return self.intercept_[0] + values[:, self.support_] @ self.coef_[0, self.support_]

    def predict(self, X: Any) -> np.ndarray:
        """The class with the greater probability, (patients,).

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
