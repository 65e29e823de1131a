"""The effect of the additional treatment, adjusted by g-computation for what was known before it."""

from collections.abc import Mapping
from dataclasses import dataclass

from npc.prognosis.estimable import estimated
from npc.prognosis.treatment_balance import Balance, check_positivity
from npc.prognosis.treatment_design import Comparison
from npc.statistics import NotEstimable
from npc.statistics.e_value import e_value, e_value_of_limit
from npc.statistics.standardised import Effect, Standardised, difference, ratio, standardised

MONTHS = (36.0, 60.0)


@dataclass(frozen=True)
class Adjusted:
    """Additional against standard treatment.

    Attributes:
        marginal: hazard ratio if all patients had the one or the other treatment.
        conditional: hazard ratio between two patients alike in all terms; further from 1 than the marginal one, also
            without confounding.
        means: difference of restricted mean survival times, months, by month.
        e_value: of the marginal hazard ratio, and of the limit of its interval that is nearer to 1.
        n: patients.
        events: of them with the event.
        adjusted_for: as it is printed.
    """

    marginal: Effect
    conditional: Effect | NotEstimable
    means: Mapping[float, Effect | NotEstimable]
    e_value: tuple[float, float]
    n: int
    events: int
    adjusted_for: tuple[str, ...]


def adjusted(of: Comparison, by: Balance, *, draws: int, seed: int) -> Adjusted:
    """Standardises a Cox model of the treatment and all terms over the patients (see `npc.statistics.standardised`).

    Args:
        of: the comparison.
        by: its balance.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        NotEstimable: positivity fails, or the Cox model has no maximum.
    """
    check_positivity(by)
    found = standardised(
        of.time, of.event, of.treated, of.terms.to_numpy(), of.hospitals, months=MONTHS, draws=draws, seed=seed
    )
    marginal, events = ratio(found.marginal), int(of.event.sum())
    share = events / len(of.event)
    return Adjusted(
        marginal,
        estimated(ratio, found.conditional),
        {until: estimated(_mean, of, found, until) for until in MONTHS},
        (e_value(marginal.estimate, share), e_value_of_limit(marginal.ci, share)),
        len(of.event),
        events,
        tuple(of.titles.values()),
    )


def _mean(of: Comparison, found: Standardised, until: float) -> Effect:
    ends = min(of.time[of.treated == given].max() for given in (0, 1))
    if ends < until:
        raise NotEstimable(f"an arm is followed for {ends:.0f} months only")
    return difference(found.means[until])
