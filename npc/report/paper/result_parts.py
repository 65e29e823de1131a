"""What several parts of `results.json` hold in the same form."""

from typing import Any

from npc.names import NOT_ESTIMABLE
from npc.prognosis.survival import HazardRatio
from npc.statistics import NotEstimable

Json = dict[str, Any]


def hazard_ratio(found: HazardRatio | NotEstimable) -> Json:
    """`estimate`, `ci` and `p`; all None with a note where it is not estimable."""
    if isinstance(found, NotEstimable):
        return {"estimate": None, "ci": None, "p": None, **note(found)}
    return {"estimate": found.estimate, "ci": list(found.ci), "p": found.p}


def note(reason: object) -> Json:
    """The reason why something is not estimable."""
    return {"note": f"{NOT_ESTIMABLE}: {reason}"}
