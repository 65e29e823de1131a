"""The keys that exist: their types, as the schema declares them, and the nearest one to a misspelt key."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from difflib import SequenceMatcher
from types import UnionType
from typing import Any, get_args, get_origin

from npc.config.cohort_schema import PhantomCohortConfig
from npc.config.schema import EvaluateConfig, TrainConfig

_SCHEMAS = (TrainConfig, EvaluateConfig)


def type_of(key: str) -> Any:
    """The type of a key such as `cohort.root`, without its `| None`; None where the schema has no such key."""
    for schema in _SCHEMAS:
        found: Any = schema
        for name in key.split("."):
            found = PhantomCohortConfig if (found, name) == (schema, "cohort") else _inner(found, name)
        if found is not None:
            return found
    return None


def default_of(key: str) -> Any:
    """The default of a key that a run key leaves out at its default; None of any other key."""
    *above, name = key.split(".")
    schema = type_of(".".join(above)) if above else TrainConfig
    declared = fields(schema) if is_dataclass(schema) else ()
    return next((item.default for item in declared if item.name == name and item.metadata.get("later")), None)


def dictionary_above(key: str) -> str | None:
    """The dictionary of the user's own entries that a key lies in: `cohort.exclude` for `cohort.exclude.H1-0007`."""
    names = key.split(".")
    above = (".".join(names[:count]) for count in range(1, len(names)))
    return next((parent for parent in above if get_origin(type_of(parent)) is dict), None)


def declared_keys() -> list[str]:
    """All keys of `train.py` and `evaluate.py`; those of a phantom are not among them."""
    return list(dict.fromkeys(key for schema in _SCHEMAS for key in _keys(schema)))


def nearest(key: str, keys: Iterable[str]) -> str:
    """The key that is most similar to a misspelt one."""
    return max(keys, key=lambda known: SequenceMatcher(None, key, known).ratio())


def _keys(schema: type, prefix: str = "") -> Iterator[str]:
    for item in fields(schema):
        yield prefix + item.name
        if isinstance(item.type, type) and is_dataclass(item.type):
            yield from _keys(item.type, f"{prefix}{item.name}.")


def _inner(outer: Any, name: str) -> Any:
    """The type of a dataclass' field, or of a dictionary's values."""
    if get_origin(outer) is dict:
        return get_args(outer)[1]
    if not (isinstance(outer, type) and is_dataclass(outer)):
        return None
    declared: Any = next(
        (str if item.metadata.get("text") else item.type for item in fields(outer) if item.name == name), None
    )
    if isinstance(declared, UnionType):
        (declared,) = (part for part in get_args(declared) if part is not type(None))
    return declared
