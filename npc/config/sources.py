"""The source of a cohort, `cohort._target_`: the function that reads it, found by its name in any version of npc."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from npc.errors import InputError

# Where the code of a source lies is not a choice: the run key contains the name under which the source was first
# written, and configs with that name are read.
_FIRST_NAMES = {
    "npc.phantom.source.read": "npc.cohort.phantom.read",
    "npc.cohort.sources.table.read": "npc.cohort.table.read",
    "npc.cohort.sources.sts.read": "npc.cohort.sts.read",
    "npc.cohort.sources.foshan.read": "npc.cohort.foshan.read",
}
_PRESENT_NAMES = {first: present for present, first in _FIRST_NAMES.items()}


def first_name(target: str) -> str:
    """The name of a source in run keys."""
    return _FIRST_NAMES.get(target, target)


def source(target: str) -> Callable[..., Any]:
    """The function that `cohort._target_` names.

    Raises:
        InputError: there is none.
    """
    module, _, function = _PRESENT_NAMES.get(target, target).rpartition(".")
    try:
        read = getattr(import_module(module), function)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"cohort._target_: there is no source {target} ({error}); "
            "name a function with its module, such as npc.cohort.sources.table.read"
        ) from error
    return read


def check_arguments(target: str, read: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Checks that a function can be called as a source with these arguments.

    Raises:
        InputError: it is no source, or has other options.
    """
    try:
        inspect.signature(read).bind(**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"cohort._target_: {target} is no source of a cohort ({error})") from None


def without_reader(target: str, options: Iterable[str]) -> list[str]:
    """Those options of a cohort that its source does not read."""
    accepted = inspect.signature(source(target)).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted):
        return []
    names = {parameter.name for parameter in accepted}
    return [option for option in options if option not in names]
