"""Fields of a schema: the allowed values, and whether a value is part of the run key, declared where the field is.

`lr: float = positive()` is a field without a default whose value must be more than 0.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from types import MappingProxyType
from typing import Any

from omegaconf import MISSING


@dataclass(frozen=True)
class Bound:
    """A condition on a value.

    Attributes:
        text: the condition in words, after "must be".
        holds: whether a value meets it; it also receives all values of the value's group.
    """

    text: str
    holds: Callable[[Any, Mapping[str, Any]], bool]


def is_number(value: object) -> bool:
    """Whether a value is a number; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def must_be(text: str, holds: Callable[[Any], bool], default: Any = MISSING) -> Any:
    """A field whose value must meet a condition; `text` states it, after "must be"."""
    return _bounded(Bound(text, lambda value, _: holds(value)), default)


def less_than(other: str, default: Any = MISSING) -> Any:
    """A field whose value must be 0 or more, and less than the value of another field of the same group."""
    return _bounded(Bound(f"0 or more, and less than {other}", lambda value, group: 0 <= value < group[other]), default)


def positive(default: Any = MISSING) -> Any:
    """A field whose value must be more than 0."""
    return must_be("more than 0", lambda value: value > 0, default)


def positive_numbers(default: Any = MISSING) -> Any:
    """A field whose value must be a list of numbers more than 0, and of no lists."""
    return must_be("a list of numbers more than 0", lambda of: all(is_number(one) and one > 0 for one in of), default)


def at_least(low: float, default: Any = MISSING) -> Any:
    """A field whose value must be `low` or more."""
    return must_be(f"{low} or more", lambda value: value >= low, default)


def between(low: float, high: float, unit: str = "", default: Any = MISSING) -> Any:
    """A field whose value must be from `low` to `high`, both included."""
    return must_be(f"between {low} and {high} {unit}".rstrip(), lambda value: low <= value <= high, default)


def share(default: Any = MISSING) -> Any:
    """A field whose value must be from 0 to 1, both included."""
    return between(0, 1, default=default)


def one_of(*known: str, default: Any = MISSING) -> Any:
    """A field whose value must be one of these."""
    return must_be("one of " + ", ".join(known), lambda value: value in known, default)


def some_of(*known: str) -> Any:
    """A field whose value must be a list of one or more of these."""
    return must_be("some of " + ", ".join(known), lambda values: bool(values) and set(values) <= set(known))


def folder_name() -> Any:
    """A field whose value names a folder."""
    return must_be("usable as the name of a folder", lambda name: name not in ("", ".", "..") and "/" not in name)


def neutral(declared: Any = MISSING) -> Any:
    """A field whose value cannot change the numbers of a run, so that it is not part of the run key.

    Args:
        declared: a field, or the default of a new one.
    """
    return _noted(declared if isinstance(declared, Field) else field(default=declared), neutral=True)


def later(declared: Any, keyed: bool = False) -> Any:
    """A field that was added after runs had been made: at its default it is not part of the run key.

    A run that was finished before the field existed therefore keeps its key, and is found again.

    Args:
        declared: a field with a default, or the default of a new one.
        keyed: whether it is part of the run key nevertheless, since such runs have been made.
    """
    return _noted(declared if isinstance(declared, Field) else field(default=declared), later=True, keyed=keyed)


def text(declared: Any) -> Any:
    """A field of text whose type is not `str`, since it may also be a list of texts."""
    return _noted(declared, text=True)


def described(declared: Any, text: str) -> Any:
    """A field with one line of help."""
    return _noted(declared, help=text)


def bound_faults(schema: type, values: Mapping[str, Any], named: Callable[[str, object], str]) -> Iterator[str]:
    """The values that do not meet the conditions of their fields; None is skipped.

    Args:
        schema: a dataclass.
        values: of its fields, by name.
        named: gives the words with which a message names a field and its value.
    """
    for item in fields(schema):
        bound, value = item.metadata.get("bound"), values.get(item.name)
        if bound and value is not None and not bound.holds(value, values):
            yield f"{named(item.name, value)}: must be {bound.text}"


def _bounded(bound: Bound, default: Any) -> Any:
    return field(default=default, metadata={"bound": bound})


def _noted(declared: Any, **notes: Any) -> Any:
    declared.metadata = MappingProxyType({**declared.metadata, **notes})
    return declared
