"""E-value: how strong unmeasured confounding would have to be (VanderWeele and Ding, Ann Intern Med 2017)."""

import math

COMMON = 0.15  # share of patients with the event above which a hazard ratio is not near a risk ratio


def e_value(hazard_ratio: float, events: float) -> float:
    """Smallest risk ratio by which an unmeasured variable must go with both treatment and event to explain an effect.

    Args:
        hazard_ratio: above 0.
        events: share of patients with the event; above 0.15 the hazard ratio is first made an approximate risk ratio,
            `(1 - 0.5 ** sqrt(HR)) / (1 - 0.5 ** sqrt(1 / HR))`.
    """
    ratio = hazard_ratio
    if events > COMMON:
        ratio = (1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio))
    ratio = max(ratio, 1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def e_value_of_limit(ci: tuple[float, float], events: float) -> float:
    """The same for the limit of an interval that is nearer to no effect; 1 where the interval contains no effect."""
    if ci[0] <= 1 <= ci[1]:
        return 1.0
    return e_value(ci[0] if ci[0] > 1 else ci[1], events)
