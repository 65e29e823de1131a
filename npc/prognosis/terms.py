"""The terms of a fitted logistic regression: odds ratios with their intervals and P values.

Wald's, or after separation those of the profile of Firth's penalised likelihood, which is far from symmetric then
(Heinze and Schemper, Statistics in Medicine 2002).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from npc.prognosis.estimable import estimated
from npc.statistics import NotEstimable
from npc.statistics.logistic import Logistic, profile_interval, profile_p

BOUNDS = np.log([np.finfo(float).tiny, np.finfo(float).max])  # log odds whose odds are numbers


@dataclass(frozen=True)
class Term:
    """A term of a logistic regression.

    Attributes:
        name: `intercept`, `signature`, or the variable with its level or cut.
        label: how it is printed.
        coefficient: log odds.
        standard_error: of the coefficient.
        p: two-sided, Wald's; of Firth's fit the penalised likelihood ratio's, but Wald's of the intercept.
        odds_ratio: exp(coefficient); None of the intercept, and where it is too large for a number.
        ci: its 95% limits, Wald's; of Firth's fit those of the profile of the penalised likelihood.
    """

    name: str
    label: str
    coefficient: float
    standard_error: float
    p: float
    odds_ratio: float | None = None
    ci: tuple[float, float] | None = None


@dataclass(frozen=True)
class Profile:
    """What the profile of the likelihood says of a coefficient.

    Attributes:
        ci: 95% limits of the log odds.
        p: of the likelihood-ratio test.
    """

    ci: tuple[float, float]
    p: float


def profiles(fitted: Logistic, label: pd.Series, design: pd.DataFrame) -> tuple[Profile | NotEstimable, ...]:
    """Of each term of Firth's fit; empty of a fit by maximum likelihood.

    Args:
        fitted: to these patients.
        label: 0 or 1.
        design: a column a term.
    """
    if not fitted.separation:
        return ()
    return tuple(estimated(_profile, label, design, term) for term in range(design.shape[1]))


def terms(fitted: Logistic, names: Sequence[tuple[str, str]], profiles: Sequence[Profile | NotEstimable]) -> list[Term]:
    """The terms of a fit.

    Args:
        fitted: the regression.
        names: name and label of each term, the intercept first.
        profiles: of the terms but the intercept; empty for Wald's intervals.
    """
    found = []
    for i, (name, label) in enumerate(names):
        coefficient, error, p = (float(of[i]) for of in (fitted.coefficient, fitted.standard_error, fitted.p))
        ratio = estimated(fitted.odds_ratio, i - 1) if i else None
        if ratio is None or isinstance(ratio, NotEstimable):
            found.append(Term(name, label, coefficient, error, p))
            continue
        profile = profiles[i - 1] if profiles else None
        if isinstance(profile, Profile):
            low, high = np.exp(np.clip(profile.ci, *BOUNDS))
            found.append(Term(name, label, coefficient, error, profile.p, ratio[0], (float(low), float(high))))
        else:  # None where the profile has no limit: Wald's would be wrong
            found.append(Term(name, label, coefficient, error, p, ratio[0], None if profile else ratio[1]))
    return found


def _profile(label: pd.Series, design: pd.DataFrame, term: int) -> Profile:
    return Profile(profile_interval(label, design, term), profile_p(label, design, term))
