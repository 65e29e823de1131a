"""Penalised regression on many features, whose penalty is chosen by cross-validation."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from npc.frozen.cox import CoxRidge

# Ridge regression is Bayesian regression with independent normal coefficients of variance C. Standardised features that
# do not correlate then give the log odds (or the log hazard) a variance of C times their number: from next to none to
# far more than the risks of real patients have.
VARIANCES = np.logspace(-4, 2, 13)


def penalised(kind: str, features: int, folds: int, seed: int) -> Pipeline:
    """Standardisation and ridge regression with the penalty that gives held-out patients the highest likelihood.

    Features that do not vary in the patients on whom it is fitted are left out. Ridge regression is the same on all
    principal components as on the features, and much faster where there are more features than patients.

    Args:
        kind: `binary` or `landmark`, logistic regression on labels; `cox`, on (time, event).
        features: their number.
        folds: of the cross-validation, stratified by label or event.
        seed: of the folds.
    """
    ridge, score = (
        (CoxRidge(), None) if kind == "cox" else (LogisticRegression(solver="newton-cholesky"), "neg_log_loss")
    )
    draw = ByEvent(folds, shuffle=True, random_state=seed)
    search = GridSearchCV(ridge, {"C": VARIANCES / features}, scoring=score, cv=draw)
    rotation = PCA(svd_solver="full")
    return Pipeline(
        [("varying", VarianceThreshold()), ("standard", StandardScaler()), ("rotation", rotation), ("ridge", search)]
    )


class ByEvent(StratifiedKFold):
    """Folds that are stratified by the label, or by the event in (time, event)."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Training and held-out rows of each fold."""
        event = np.asarray(y)
        return super().split(X, event[:, 1].astype(int) if event.ndim == 2 else event, groups)


def predict(features: np.ndarray, coefficient: np.ndarray, intercept: float, kind: str) -> np.ndarray:
    """The risk of each patient: a probability, or of `cox` a log relative hazard.

    Each patient is summed alone, since a sum over other rows may round otherwise: a bundle gives the bytes of the run.

    Args:
        features: (patients, features).
        coefficient: of each feature, of `linear`.
        intercept: of `linear`.
        kind: of the endpoint.
    """
    predictor = intercept + np.array([(row * coefficient).sum() for row in features])
    return predictor if kind == "cox" else expit(predictor)


def linear(fitted: Pipeline) -> tuple[np.ndarray, float]:
    """Coefficient of each feature as it is, not standardised (0 where it is left out), and intercept."""
    ridge, rotation, standard = fitted["ridge"].best_estimator_, fitted["rotation"], fitted["standard"]
    of_standardised = np.ravel(ridge.coef_) @ rotation.components_
    kept = fitted["varying"].get_support()
    coefficient = np.zeros(len(kept))
    coefficient[kept] = of_standardised / standard.scale_
    intercept = np.ravel(getattr(ridge, "intercept_", 0.0))[0]
    return coefficient, float(intercept - of_standardised @ rotation.mean_ - coefficient[kept] @ standard.mean_)
