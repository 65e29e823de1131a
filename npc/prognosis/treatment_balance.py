"""Weighting by the inverse probability of the treatment that was given (IPTW): balance, weights, and positivity."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from npc.names import ARMS
from npc.prognosis.survival import HazardRatio
from npc.prognosis.treatment_design import Comparison
from npc.statistics import NotEstimable
from npc.statistics.balance import effective_sample_size, standardised_differences
from npc.statistics.cox import cox
from npc.statistics.logistic import logistic

# Positivity: everybody could have had either treatment (Petersen et al., Statistical Methods in Medical Research 2012).
LOWEST = 0.02  # a probability of one treatment below this is as good as none
MOST = 0.10  # share of patients for whom this may be so
FEWEST = 10.0  # patients of equal weight in an arm


@dataclass(frozen=True)
class Term:
    """Balance of one term.

    Attributes:
        label: as it is printed.
        before: standardised difference of means, additional minus standard; None where it is not estimable.
        after: the same of weighted means.
    """

    label: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Balance:
    """What weighting does.

    Attributes:
        terms: by name.
        n: patients, by arm.
        effective: patients of equal weight that these are worth, by arm.
        weights: stabilised and not cut, of each patient.
        propensity: probability of additional treatment, of each patient.
        positivity: why positivity fails; None where it holds.
    """

    terms: Mapping[str, Term]
    n: Mapping[str, int]
    effective: Mapping[str, float]
    weights: np.ndarray
    propensity: np.ndarray
    positivity: str | None


def balance(of: Comparison) -> Balance:
    """Stabilised weights by a logistic regression of the treatment on all terms, and what they balance.

    Raises:
        NotEstimable: there is nothing to weight by.
    """
    if of.terms.empty:
        raise NotEstimable("there is nothing to weight by: no variable, one hospital, no signature")
    x, treated = of.terms.to_numpy(), of.treated == 1
    propensity = logistic(of.treated, x).probability(x)
    share = treated.mean()
    weights = np.where(treated, share / propensity, (1 - share) / (1 - propensity))
    before, after = standardised_differences(x, treated), standardised_differences(x, treated, weights)
    terms = {
        name: Term(title, *(float(v) if np.isfinite(v) else None for v in pair))
        for (name, title), *pair in zip(of.titles.items(), before, after, strict=True)
    }
    n = {arm: int((of.treated == code).sum()) for code, arm in enumerate(ARMS)}
    effective = {arm: effective_sample_size(weights[of.treated == code]) for code, arm in enumerate(ARMS)}
    return Balance(terms, n, effective, weights, propensity, _positivity(of, propensity, effective))


def weighted(of: Comparison, by: Balance) -> HazardRatio:
    """Marginal hazard ratio by weighting, with Lin and Wei's robust variance.

    Raises:
        NotEstimable: positivity fails, or there is no bound.
    """
    check_positivity(by)
    found = cox(of.time, of.event, of.treated, weights=by.weights, robust=True)
    return HazardRatio(*found.hazard_ratio(), float(found.p[0]))


def check_positivity(by: Balance) -> None:
    """Raises NotEstimable where positivity fails: what would then be printed comes from the model alone."""
    if by.positivity:
        raise NotEstimable(f"positivity fails: {by.positivity}")


def _positivity(of: Comparison, propensity: np.ndarray, effective: Mapping[str, float]) -> str | None:
    certain = float(((propensity < LOWEST) | (propensity > 1 - LOWEST)).mean())
    if certain > MOST:
        return (
            f"{certain:.0%} of the patients had a probability of one treatment below {LOWEST:.0%}, so that there is "
            "hardly a patient with the other one to compare them with"
        )
    alone = [h for h in np.unique(of.hospitals) if len(np.unique(of.treated[of.hospitals == h])) == 1]
    share = np.isin(of.hospitals, alone).mean()
    if share > MOST:
        return f"{', '.join(alone)} gave one treatment only"
    few = [f"{arm} ({size:.1f})" for arm, size in effective.items() if size < FEWEST]
    return f"the weights leave fewer than {FEWEST:.0f} patients of equal weight: {', '.join(few)}" if few else None
