"""Separation of classes: a logistic regression has no maximum then (Albert and Anderson, 1984; Konis, 2007)."""

import numpy as np
from scipy.optimize import linprog


def separation(y: np.ndarray, design: np.ndarray) -> str | None:
    """Which kind, or None where the likelihood has a maximum.

    Separation: a direction in which no patient is on the wrong side, and some patients are on the right one;
    complete where all are.

    Args:
        y: 0 or 1, (patients,).
        design: (patients, terms), an intercept among them, all of about one scale.
    """
    signed = design * np.where(y == 1, 1.0, -1.0)[:, None]
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs")
    if -found.fun <= 1e-7:
        return None
    margin = np.column_stack([-signed, np.ones(len(y))])  # the widest margin between the classes
    widest = linprog(
        [*np.zeros(design.shape[1]), -1], A_ub=margin, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs"
    )
    return "complete separation" if -widest.fun > 1e-7 else "quasi-complete separation"
