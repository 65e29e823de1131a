"""Evaluation of a selection chain: out-of-fold risks, nested AUC, and how often a feature is chosen.

Guard, gates and every step of the chain are refitted on each sample of the training cohort.
"""

import warnings

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from rich.progress import track
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline

from npc.statistics import NotEstimable
from npc.statistics.delong import auc


def out_of_fold(pipeline: Pipeline, features: pd.DataFrame, label: pd.Series, folds: int, seed: int) -> pd.DataFrame:
    """Risk of each patient from the refit on the other folds.

    Args:
        pipeline: not fitted; its last step gives probabilities.
        features: of the training cohort, (patients, features).
        label: 0 or 1, with the same index.
        folds: number of folds, stratified by the label; the patients are sorted by id before the draw.
        seed: of the draw.

    Returns:
        `fold` (from 1) and `risk`, indexed as the features.
    """
    features = features.sort_index()
    label = label.loc[features.index].astype(int)
    draws = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, label))
    risks = Parallel(n_jobs=-1)(delayed(_risk)(pipeline, features, label, *draw) for draw in draws)
    return pd.concat(
        [
            pd.DataFrame({"fold": fold, "risk": risk}, index=features.index[held_out])
            for fold, ((_, held_out), risk) in enumerate(zip(draws, risks, strict=True), start=1)
        ]
    ).sort_index()


def nested_auc(label: pd.Series, risks: pd.DataFrame) -> dict[str, float | list[float]]:
    """Mean of the AUCs of the folds.

    Risks of different folds come from different signatures: pooled, they would rank the fold with fewer events above
    the others, and a signature without any information would have an AUC below 0.5.

    Args:
        label: 0 or 1.
        risks: of `out_of_fold`.

    Returns:
        `estimate`, the mean, and `folds`, the AUC of each fold.

    Raises:
        NotEstimable: a fold has one class only.
    """
    aucs = []
    for fold, rows in risks.groupby("fold"):
        try:
            aucs.append(auc(label.loc[rows.index].astype(int), rows["risk"]))
        except NotEstimable as reason:
            raise NotEstimable(f"fold {fold}: {reason}") from None
    return {"estimate": float(np.mean(aucs)), "folds": aucs}


def chosen_share(pipeline: Pipeline, features: pd.DataFrame, label: pd.Series, draws: int, seed: int) -> pd.Series:
    """Proportion of bootstrap refits whose signature contains the feature.

    Args:
        pipeline: not fitted; its step before the last names the features that it keeps.
        features: of the training cohort, (patients, features).
        label: 0 or 1, with the same index.
        draws: number of bootstrap samples, stratified by the label.
        seed: of the draws.

    Returns:
        Between 0 and 1, indexed by feature; NaN without draws.
    """
    features = features.sort_index()
    y = label.loc[features.index].to_numpy(dtype=int)
    rng = np.random.default_rng(seed)
    rows = [np.concatenate([rng.choice(np.flatnonzero(y == c), (y == c).sum()) for c in (0, 1)]) for _ in range(draws)]
    work = Parallel(n_jobs=-1, return_as="generator")(delayed(_chosen)(pipeline, features, y, row) for row in rows)
    count = pd.Series(0, features.columns)
    for names in track(work, "Bootstrap refits", draws, transient=True):
        count[names] += 1
    return count / draws if draws else count.astype(float).mask(count == 0)


def _risk(
    pipeline: Pipeline, features: pd.DataFrame, label: pd.Series, fitted: np.ndarray, held_out: np.ndarray
) -> np.ndarray:
    refit = _fit(pipeline, features.iloc[fitted], label.iloc[fitted].to_numpy())
    return refit.predict_proba(features.iloc[held_out])[:, 1]


def _chosen(pipeline: Pipeline, features: pd.DataFrame, label: np.ndarray, rows: np.ndarray) -> list[str]:
    """The chosen features; rows are sorted, so that the result does not depend on their order in the sample."""
    rows = np.sort(rows)
    refit = _fit(pipeline, features.iloc[rows], label[rows])
    return list(refit[:-1].get_feature_names_out()[refit[-1].support_])


def _fit(pipeline: Pipeline, features: pd.DataFrame, label: np.ndarray) -> Pipeline:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of refits do not matter; those of the signature itself are reported
        return clone(pipeline).fit(features, label)
