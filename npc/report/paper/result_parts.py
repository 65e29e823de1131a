"""What several parts of `results.json` hold in the same form."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from npc.names import NOT_ESTIMABLE
from npc.prognosis.survival import HazardRatio
from npc.statistics import NotEstimable
from npc.statistics.logrank import Test

Json = dict[str, Any]
Result = TypeVar("Result")
TEST, RATIO = ("chi2", "df", "p"), ("estimate", "ci", "p")  # keys


def hazard_ratio(found: HazardRatio | NotEstimable) -> Json:
    """`estimate`, `ci` and `p`; all None with a note where it is not estimable."""
    if isinstance(found, NotEstimable):
        return {"estimate": None, "ci": None, "p": None, **note(found)}
    return {"estimate": found.estimate, "ci": list(found.ci), "p": found.p}


def note(reason: object) -> Json:
    """The reason why something is not estimable."""
    return {"note": f"{NOT_ESTIMABLE}: {reason}"}


def either(found: Result | NotEstimable, keys: Sequence[str], write: Callable[[Result], Json]) -> Json:
    """What was found, or its keys with null and the reason."""
    if isinstance(found, NotEstimable):
        return {**dict.fromkeys(keys), **note(found)}
    return write(found)


def test(found: Test) -> Json:
    """A chi-squared test."""
    return {"chi2": found.chi2, "df": found.df, "p": found.p}
