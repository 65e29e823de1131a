"""How many patients a prediction model needs to be developed: the criteria of Riley et al.

Riley, Snell, Ensor et al., Statistics in Medicine 2019 (38:1276); Riley, Ensor, Snell et al., BMJ 2020 (368:m441).
They are lower limits for a regression whose candidate parameters are counted, those that are dropped among them; a
network has no such number.
"""

from dataclasses import dataclass
from math import ceil, log

import numpy as np
from scipy.integrate import quad
from scipy.special import log_expit, logit, xlogy
from scipy.stats import norm

from npc.statistics import NotEstimable

Z = 1.96  # of a 95% interval, as the papers have it
MARGIN = 0.05  # of criterion 2 (difference of R2 by Nagelkerke), and of criterion 3 (overall risk)


@dataclass(frozen=True)
class Development:
    """Patients that each criterion asks for.

    Attributes:
        shrinkage: for the shrinkage of the predictors' effects that is accepted.
        optimism: for a difference of at most 0.05 between apparent and adjusted R2 (Nagelkerke).
        overall_risk: for the overall risk within 0.05.
        r2: Cox and Snell's, that is expected.
        largest_r2: that is possible at this share of events.
        events_per_patient: expected.
        parameters: candidates.
    """

    shrinkage: int
    optimism: int
    overall_risk: int
    r2: float
    largest_r2: float
    events_per_patient: float
    parameters: int

    @property
    def patients(self) -> int:
        """That all criteria ask for."""
        return max(self.shrinkage, self.optimism, self.overall_risk)

    @property
    def events(self) -> int:
        """That these patients have."""
        return ceil(self.patients * self.events_per_patient)

    @property
    def events_per_parameter(self) -> float:
        """Of these patients."""
        return self.patients * self.events_per_patient / self.parameters


def binary_development(parameters: int, share: float, r2: float, shrinkage: float = 0.9) -> Development:
    """For a logistic regression.

    Args:
        parameters: candidates, with those that a choice drops; a level but the first, or a term of a curve, is one.
        share: of patients with the event.
        r2: Cox and Snell's, expected of the model in new patients; `r2_of_auc` gives it from an AUC.
        shrinkage: that is accepted; 0.9 is 10% of overfitting.

    Raises:
        NotEstimable: the R2 is not possible at this share.
    """
    largest = 1 - np.exp(2 * (xlogy(share, share) + xlogy(1 - share, 1 - share)))
    overall = ceil((Z / MARGIN) ** 2 * share * (1 - share))
    return _development(parameters, r2, float(largest), shrinkage, overall, share)


def survival_development(
    parameters: int, rate: float, follow_up: float, horizon: float, r2: float, shrinkage: float = 0.9
) -> Development:
    """For a Cox regression.

    Args:
        parameters: as for `binary_development`.
        rate: of events, per unit of time.
        follow_up: mean, in the same unit.
        horizon: at which the overall risk shall be known.
        r2: Cox and Snell's; `r2_of_concordance` gives it from a concordance.
        shrinkage: that is accepted.

    Raises:
        NotEstimable: the R2 is not possible at this rate.
    """
    events = rate * follow_up
    largest = 1 - np.exp(2 * (events * log(events) - events))
    # the upper limit of the risk with constant hazard, whose standard error is sqrt(rate / person time)
    within = 1 - MARGIN / np.exp(-rate * horizon)
    overall = ceil(rate / (-log(within) / (Z * horizon)) ** 2 / follow_up) if within > 0 else 1
    return _development(parameters, r2, float(largest), shrinkage, overall, events)


def _development(
    parameters: int, r2: float, largest: float, shrinkage: float, overall: int, events: float
) -> Development:
    if largest <= 0:
        raise NotEstimable(
            "rate times follow-up is the number of events of a patient: give the rate of first events and the mean "
            "time to the event or to the end of follow-up"
        )
    if not 0 < r2 < min(largest, shrinkage):
        raise NotEstimable(
            f"a Cox-Snell R2 of {r2:.3g} is not possible: it lies between 0 and {min(largest, shrinkage):.3g} here"
        )

    def patients(at: float) -> int:
        return ceil(parameters / ((at - 1) * np.log(1 - r2 / at)))

    return Development(
        patients(shrinkage), patients(r2 / (r2 + MARGIN * largest)), overall, r2, largest, events, parameters
    )


def r2_of_auc(auc: float, share: float) -> float:
    """Cox and Snell's R2 of a model that is calibrated and has this AUC.

    Its linear predictor is normal with one variance in patients with and without event (Riley, Van Calster and
    Collins, Statistics in Medicine 2021, 40:859, by simulation; here by integration).

    Args:
        auc: above a half.
        share: of patients with the event.
    """
    apart = 2**0.5 * norm.ppf(auc)  # standard deviations between the means

    def gain(x: float, mean: float, event: bool) -> float:
        score = logit(share) + apart * x - apart**2 / 2
        return norm.pdf(x - mean) * log_expit(score if event else -score)

    parts = [
        weight * quad(gain, mean - 12, mean + 12, args=(mean, event))[0]
        for weight, mean, event in ((share, apart, True), (1 - share, 0.0, False))
    ]
    null = xlogy(share, share) + xlogy(1 - share, 1 - share)
    return float(1 - np.exp(2 * (null - sum(parts))))


def r2_of_concordance(concordance: float, events_per_patient: float) -> float:
    """Cox and Snell's R2 of a Cox model, from Harrell's concordance, by way of Royston's D.

    D is 5.50 (C - 0.5) + 10.26 (C - 0.5)^3 (Jinks, Royston and Parmar, BMC Medical Research Methodology 2015, 15:82);
    the variance of the log hazard is D^2 pi / 8, and an event's gain in log likelihood half of log(1 + variance)
    (Royston, Stata Journal 2006, 6:83). The R2 is too low, by up to a third where few have the event, or most, which
    asks for more patients.

    Args:
        concordance: above a half.
        events_per_patient: rate times mean follow-up.
    """
    over = concordance - 0.5
    d = 5.50 * over + 10.26 * over**3
    return float(1 - (1 + d**2 * np.pi / 8) ** -min(events_per_patient, 1.0))
