"""What a signature's run has written on the validity of its choice on the training cohort.

`out_of_fold.csv` has the risks of refits of everything without a fold; `refits.csv` of a radiomic run the AUCs of
further repeats of this cross-validation and of bootstrap refits of its whole selection.
"""

import numpy as np
import pandas as pd

from npc.prognosis.estimable import readable
from npc.prognosis.runs import Run
from npc.statistics import NotEstimable
from npc.statistics.delong import auc
from npc.statistics.internal_validation import NestedCv, Optimism, optimism_of
from npc.statistics.spread import spread


def signature_nested_cv(run: Run) -> NestedCv:
    """Cross-validation of a signature, each repeat the mean of its folds.

    Raises:
        NotEstimable: the run has no out-of-fold risks with folds, they can't be read, or a fold has one class only.
    """
    if not run.out_of_fold.exists():
        raise NotEstimable(f"there are no out-of-fold risks; {run.out_of_fold_remedy}")
    risks = readable(run.read_out_of_fold)
    if isinstance(risks, NotEstimable):
        raise risks
    folds = risks["fold"].nunique()
    if folds < 2:
        raise NotEstimable("the out-of-fold risks do not say which fold a patient was in")
    label = run.predictions["label"]
    first = float(np.mean([auc(label[rows.index], rows["risk"]) for _, rows in risks.groupby("fold")]))
    refits = _refits(run)
    more = [] if refits is None else list(refits.loc[refits["refit"] == "fold"].groupby("number")["auc"].mean())
    return NestedCv(folds, spread([first, *more]))


def signature_optimism(run: Run) -> Optimism:
    """Bootstrap of a radiomic signature's whole selection.

    Raises:
        NotEstimable: the run has no bootstrap refits, or they can't be read.
    """
    refits = _refits(run)
    if refits is None or not len(drawn := refits[refits["refit"] == "bootstrap"]):
        radiomic = "; train it with radiomics.bootstrap=200 (force=true for a run of an earlier version)"
        raise NotEstimable(f"the run has no bootstrap refits{radiomic if run.method == 'radiomic' else ''}")
    training = run.predictions[run.predictions["split"] == "train"]
    return optimism_of(auc(training["label"], training["risk"]), drawn["auc"] - drawn["auc_training"])


def _refits(run: Run) -> pd.DataFrame | None:
    path = run.path / "refits.csv"
    if not path.exists():
        return None
    try:
        table = pd.read_csv(path, float_precision="round_trip")
        table = table[["refit", "number", "auc", "auc_training"]].astype({"auc": float, "auc_training": float})
        if not table["auc"].between(0, 1).all() or not table["auc_training"].dropna().between(0, 1).all():
            raise ValueError("an AUC is not between 0 and 1")
    except (OSError, ValueError, KeyError) as error:
        raise NotEstimable(f"{path} can't be read ({error}); train the run again with force=true") from None
    return table
