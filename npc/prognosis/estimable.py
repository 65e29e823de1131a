"""What can't be estimated is a value too: the `NotEstimable` itself, which carries its reason."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from npc.statistics import NotEstimable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def estimated(
    call: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result | NotEstimable:
    """What `call` gives for the arguments, or why that is not estimable."""
    try:
        return call(*arguments, **named)
    except NotEstimable as reason:
        return reason.with_traceback(None)
