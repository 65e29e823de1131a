"""Guard, gates and every step of the chain refitted on bootstrap samples: which features are chosen, and the optimism.

The optimism is the AUC of a refit in its sample less that in all training patients (Harrell, Lee and Mark, 1996).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.pipeline import Pipeline

from npc.run.nested import refit, risk
from npc.statistics.delong import auc
from npc.terminal import track


@dataclass(frozen=True)
class BootstrapRefits:
    """Of a signature.

    Attributes:
        share: of the refits whose signature contains the feature, by feature; NaN without refits.
        aucs: a row a refit: `auc` in its sample, `auc_training` in all training patients.
    """

    share: pd.Series
    aucs: pd.DataFrame


def bootstrap_refits(
    pipeline: Pipeline, features: pd.DataFrame, label: pd.Series, draws: int, seed: int
) -> BootstrapRefits:
    """Refits the signature on bootstrap samples.

    Args:
        pipeline: not fitted; its step before the last names the features that it keeps.
        features: of the training cohort, (patients, features).
        label: 0 or 1, with the same index.
        draws: number of bootstrap samples, stratified by the label.
        seed: of the draws.
    """
    features = features.sort_index()
    y = label.loc[features.index].to_numpy(dtype=int)
    rng = np.random.default_rng(seed)
    rows = [np.concatenate([rng.choice(np.flatnonzero(y == c), (y == c).sum()) for c in (0, 1)]) for _ in range(draws)]
    work = Parallel(n_jobs=-1, return_as="generator")(delayed(_refit)(pipeline, features, y, row) for row in rows)
    count, aucs = pd.Series(0, features.columns), []
    for names, *of in track(work, "Bootstrap refits", draws):
        count[names] += 1
        aucs.append(of)
    share = count / draws if draws else count.astype(float).mask(count == 0)
    return BootstrapRefits(share, pd.DataFrame(aucs, columns=["auc", "auc_training"]))


def _refit(
    pipeline: Pipeline, features: pd.DataFrame, label: np.ndarray, rows: np.ndarray
) -> tuple[list[str], float, float]:
    """The chosen features and the AUCs; rows are sorted, so that their order in the sample has no influence."""
    rows = np.sort(rows)
    again = refit(pipeline, features.iloc[rows], label[rows])
    risks = risk(again, features)
    chosen = list(again[:-1].get_feature_names_out()[again[-1].support_])
    return chosen, auc(label[rows], risks[rows]), auc(label, risks)
