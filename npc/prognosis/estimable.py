"""What can't be estimated is a value too: the `NotEstimable` itself, which carries its reason."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from npc.errors import InputError
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


def readable(
    call: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result | NotEstimable:
    """What `call` reads, or why a file can't be read; for files without which the rest of a report can be made."""
    try:
        return call(*arguments, **named)
    except InputError as fault:
        return NotEstimable(str(fault))
