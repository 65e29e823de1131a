"""What Hydra, OmegaConf and YAML report about choices, in the words of a user who writes a config."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import get_origin

from yaml import MarkedYAMLError

from npc.config.keys import declared_keys, dictionary_above, nearest, type_of
from npc.errors import InputError

_PLAINER = (
    (r"\w+ is not a ListConfig, list or tuple", "a single value is given where a list is needed; write [a, b]"),
    (r"\w+ is not a subclass of (\w+)\. value:", r"the keys of a \1 (key: value) are needed, but the value is"),
    (r"\bTrainConfig\b|\bEvaluateConfig\b", "Config"),
    (r"\b(?!Dict|List)(\w+)Config\b", r"\1"),  # the names of our schemas, without their suffix
)
_NOISE = (
    "Config search path:",
    "provider=",
    "full_key:",
    "object_type=",
    "reference_type=",
    "Set the environment variable",
)


@contextmanager
def composing(words: Sequence[str]) -> Iterator[None]:
    """Within the block Hydra and OmegaConf handle choices only: whatever they raise is a fault of the choices.

    Args:
        words: the choices, as they were typed.

    Raises:
        InputError: in place of their exception.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(config_message(error, words)) from error


def config_message(error: Exception, words: Sequence[str]) -> str:
    """One message from an exception of Hydra, OmegaConf or YAML.

    Args:
        error: their exception.
        words: the choices, as they were typed.
    """
    if isinstance(error, MarkedYAMLError):
        return _yaml_message(error)
    if isinstance(error, UnicodeDecodeError):  # of a config: npc's own readers report theirs
        return f"a file is not UTF-8 text in the line {_line_around(error)}; save it as UTF-8"
    if "group override" in str(error).lower():  # for `experiment=null`, `cohort@x=3`
        given = " ".join(word for word in words if re.search(r"=(null|\W*\d)|@", word))
        return f"{given}: {error}; to choose no file of this group, leave it out"
    texts = [str(error) or type(error).__name__]
    if error.__cause__ is not None and str(error.__cause__) not in texts[0]:
        texts.append(str(error.__cause__))
    lines = [line.strip() for text in texts for line in text.splitlines()]
    keys = {line.removeprefix("full_key:").strip() for line in lines if line.startswith("full_key:")} - {""}
    refused = re.search(r"Could not override '(.+?)'", texts[0])
    unknown = refused[1] if refused else next(iter(keys), "") if re.search(r"Key '.*' not in", "\n".join(lines)) else ""
    kept = [line for line in lines if line and not line.startswith(_NOISE)]
    if not dictionary_above(unknown):  # a key can be added to a dictionary only
        kept = [line for line in kept if not line.startswith("To append to your config")]
    kept = [in_plain_words(line) for line in kept]
    kept += [f"at {key}" for key in sorted(keys) if not any(key in line for line in kept)]
    if unknown and get_origin(type_of(unknown.rpartition(".")[0])) is not dict:
        kept.append(f"the nearest key that exists is {nearest(unknown, _keys_beside(unknown))}")
    elif words and not any(word in line for word in words for line in kept):
        kept.append(f"in {' '.join(words)}")
    return "\n".join([*kept, "(`--cfg job` shows every choice, `--help` explains them)"])


def in_plain_words(message: str) -> str:
    """A line of an error message, without names that only a programmer of npc knows."""
    for theirs, plainer in _PLAINER:
        message = re.sub(theirs, plainer, message)
    return message


def _keys_beside(unknown: str) -> list[str]:
    """The keys that may be meant by an unknown one: those of its group, else all."""
    group = unknown.rpartition(".")[0]
    schema = type_of(group)
    own = [f"{group}.{item.name}" for item in fields(schema)] if is_dataclass(schema) else declared_keys()
    return [key for key in own if key != unknown]


def _yaml_message(error: MarkedYAMLError) -> str:
    """The parser's own message, and what a config may hold."""
    mark = error.problem_mark or error.context_mark
    place = f"{mark.name}, line {mark.line + 1}: " if mark else ""
    return (
        f"{place}not valid YAML for a config ({error.problem}); indent with spaces, close brackets and quotes, "
        "give each key once and use no tags (!)"
    )


def _line_around(error: UnicodeDecodeError) -> str:
    before, after = error.object[: error.start], error.object[error.start :]
    line = before.rpartition(b"\n")[2] + after.partition(b"\n")[0]
    return ascii(line.decode("latin-1")[:100])
