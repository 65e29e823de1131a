"""How often a feature is chosen, when guard, gates and every step of the chain are refitted on a bootstrap sample."""

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from rich.progress import track
from sklearn.pipeline import Pipeline

from npc.run.nested import refit


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


def _chosen(pipeline: Pipeline, features: pd.DataFrame, label: np.ndarray, rows: np.ndarray) -> list[str]:
    """The chosen features; rows are sorted, so that the result does not depend on their order in the sample."""
    rows = np.sort(rows)
    again = refit(pipeline, features.iloc[rows], label[rows])
    return list(again[:-1].get_feature_names_out()[again[-1].support_])
