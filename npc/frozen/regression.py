"""Penalised regression on many features, whose penalty is chosen by cross-validation."""

from collections.abc import Iterator
from typing import Any

import numpy as np
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


def penalised(kind: str, features: int, folds: int, seed: int) -> GridSearchCV:
    """Standardisation and ridge regression; the penalty with the best likelihood of held-out patients is chosen.

    Features that do not vary in the patients on whom it is fitted are left out.

    Args:
        kind: `binary` or `landmark`, logistic regression on labels; `cox`, on (time, event).
        features: their number.
        folds: of the cross-validation, stratified by label or event.
        seed: of the folds.
    """
    cox = kind == "cox"
    steps = [
        ("varying", VarianceThreshold()),
        ("standard", StandardScaler()),
        ("ridge", CoxRidge() if cox else LogisticRegression(tol=1e-6, max_iter=10_000)),
    ]
    return GridSearchCV(
        Pipeline(steps),
        {"ridge__C": VARIANCES / features},
        scoring=None if cox else "neg_log_loss",
        cv=ByEvent(folds, shuffle=True, random_state=seed),
    )


class ByEvent(StratifiedKFold):
    """Folds that are stratified by the label, or by the event in (time, event)."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Training and held-out rows of each fold."""
        event = np.asarray(y)
        return super().split(X, event[:, 1].astype(int) if event.ndim == 2 else event, groups)


def linear(fitted: GridSearchCV) -> tuple[np.ndarray, float]:
    """Coefficient of each feature as it is, not standardised (0 where it is left out), and intercept."""
    steps = fitted.best_estimator_.named_steps
    kept = steps["varying"].get_support()
    coefficient = np.zeros(len(kept))
    coefficient[kept] = np.ravel(steps["ridge"].coef_) / steps["standard"].scale_
    intercept = np.ravel(getattr(steps["ridge"], "intercept_", 0.0))[0]
    return coefficient, float(intercept - coefficient[kept] @ steps["standard"].mean_)
