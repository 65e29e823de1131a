"""Additional treatment against the standard one within risk groups, as in Fig. 4e-f, and what to hold beside it.

Who got the additional treatment was not drawn by lot, so the plain comparison within a group (the paper's) may show
who was chosen for it. Beside it stand the test of interaction between group and treatment, and the comparison weighted
by the inverse chance of the treatment that was given (IPTW), that chance taken from the clinical variables.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from npc.cohort.clinical import Variable
from npc.prognosis.encoding import learn
from npc.statistics import NotEstimable
from npc.statistics.cox import Cox, cox
from npc.statistics.logistic import logistic

ARMS = ["standard", "additional"]


def arms(patients: pd.DataFrame, variable: str) -> pd.Series:
    """Standard (the variable's first level) or additional treatment, as ordered categories; missing where not known."""
    values = patients[variable]
    names = [None if code < 0 else ARMS[int(code > 0)] for code in values.cat.codes]
    return pd.Series(pd.Categorical(names, ARMS, ordered=True), patients.index, name="arm")


def interaction(patients: pd.DataFrame, group: pd.Series, arm: pd.Series) -> Cox:
    """Cox model of group, treatment and their product, which is the last covariate.

    Raises:
        NotEstimable: see `npc.statistics.cox`.
    """
    known = arm.notna()
    high, additional = group[known].cat.codes.to_numpy(), arm[known].cat.codes.to_numpy()
    covariates = np.column_stack([high, additional, high * additional])
    return cox(patients.loc[known, "time"], patients.loc[known, "event"], covariates)


def treatment_weights(patients: pd.DataFrame, arm: pd.Series, variables: Sequence[Variable]) -> pd.Series:
    """Stabilised inverse-probability weights, cut at their 1st and 99th percentile.

    Args:
        patients: whose treatment is known.
        arm: of each.
        variables: clinical variables that the choice of treatment may have followed; not the treatment itself.

    Raises:
        NotEstimable: one arm only, or no variable.
    """
    if not variables:
        raise NotEstimable("no clinical variable to weigh by")
    additional = arm.cat.codes.to_numpy()
    design = learn(variables, patients).transform(patients)
    design = design.loc[:, design.nunique() > 1]
    chance = logistic(additional, design).probability(design)
    share = additional.mean()
    weights = np.where(additional == 1, share / chance, (1 - share) / (1 - chance))
    low, high = np.quantile(weights, [0.01, 0.99])
    return pd.Series(np.clip(weights, low, high), patients.index)
