"""Out-of-fold risks of the training patients, and their nested AUC.

Whatever a method chooses or fits is chosen and fitted again without the patients whose risk it gives.
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import StratifiedKFold

from npc.names import NOT_ESTIMABLE
from npc.statistics import NotEstimable
from npc.statistics.delong import auc


def out_of_fold(
    estimator: BaseEstimator,
    features: pd.DataFrame,
    label: pd.Series,
    folds: int,
    seed: int,
    outcome: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Risk of each patient from the refit on the other folds.

    Args:
        estimator: not fitted; for its risk see `risk`.
        features: of the training cohort, (patients, features).
        label: 0 or 1, with the same index.
        folds: number of folds, stratified by the label; the patients are sorted by id before the draw.
        seed: of the draw.
        outcome: on which it is fitted; None for the label.

    Returns:
        `fold` (from 1) and `risk`, indexed as the features.
    """
    features = features.sort_index()
    label = label.loc[features.index].astype(int)
    target = label.to_numpy() if outcome is None else outcome.loc[features.index].to_numpy()
    draws = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, label))
    risks = Parallel(n_jobs=-1)(delayed(_risk)(estimator, features, target, *draw) for draw in draws)
    return pd.concat(
        [
            pd.DataFrame({"fold": fold, "risk": risk}, index=features.index[held_out])
            for fold, ((_, held_out), risk) in enumerate(zip(draws, risks, strict=True), start=1)
        ]
    ).sort_index()


def nested_auc(label: pd.Series, risks: pd.DataFrame) -> dict[str, Any]:
    """Mean of the AUCs of the folds.

    Risks of different folds come from different signatures: pooled, they would rank the fold with fewer events above
    the others, and a signature without any information would have an AUC below 0.5.

    Args:
        label: 0 or 1.
        risks: of `out_of_fold`.

    Returns:
        `estimate`, the mean, and `folds`, the AUC of each fold; if a fold has one class only, None, none and a `note`.
    """
    aucs = []
    for fold, rows in risks.groupby("fold"):
        try:
            aucs.append(auc(label.loc[rows.index].astype(int), rows["risk"]))
        except NotEstimable as reason:
            return {"estimate": None, "folds": [], "note": f"{NOT_ESTIMABLE}: fold {fold}: {reason}"}
    return {"estimate": float(np.mean(aucs)), "folds": aucs}


def risk(fitted: Any, features: pd.DataFrame) -> np.ndarray:
    """Of a classifier the probability of the event, of another estimator what it predicts; higher is worse."""
    return fitted.predict_proba(features)[:, 1] if is_classifier(fitted) else fitted.predict(features)


def refit(estimator: BaseEstimator, features: pd.DataFrame, outcome: np.ndarray) -> Any:
    """A copy of the estimator, fitted on other patients."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of refits do not matter; those of the signature itself are reported
        return clone(estimator).fit(features, outcome)


def _risk(
    estimator: BaseEstimator, features: pd.DataFrame, outcome: np.ndarray, fitted: np.ndarray, held_out: np.ndarray
) -> np.ndarray:
    return risk(refit(estimator, features.iloc[fitted], outcome[fitted]), features.iloc[held_out])
