"""The words of a command line, in the form that Hydra's grammar can read.

Hydra reads KEY=VALUE by a grammar of its own. Text such as `Hospital (A)`, `Köln` or `a=b` is an error in it, a comma
starts a sweep, and `1e3` is a number. Where such a value can mean one thing only, it is put into Hydra's quotes here.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, get_args

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

from npc.config.keys import dictionary_above, type_of
from npc.errors import InputError

_WORD = re.compile(r"(?P<sign>\+{0,2})(?P<key>[^=+~-][^=]*)=(?P<value>.*)", re.DOTALL)
_ENTRY = re.compile(r"[A-Za-z_$][\w$-]*|0|[1-9][0-9]*", re.ASCII)  # a name that Hydra reads after the dot of a key


def readable(words: Sequence[str], multirun: bool = False) -> list[str]:
    """The words with quotes where Hydra needs them; options such as `-m` stay as they are.

    - A key of text takes its value as it is typed, numbers and commas included.
    - A list or dictionary that Hydra cannot read is read as YAML.
    - Entries of a dictionary (`+cohort.exclude.17=moved`) may have any name that Hydra can read in one of its forms.
    - A dictionary can be emptied (`cohort.clinical=null`) and then filled.

    Args:
        words: of a command line, such as `cohort.root=/data/Hospital (A)`.
        multirun: whether a comma separates the values of several jobs.

    Raises:
        InputError: with every word that can be read in no way, or in several.
    """
    found: list[str] = []
    faults: list[str] = []
    for word in words:
        try:
            found += _readable(word, multirun)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return list(_with_emptied_dictionaries(found))


@cache
def _readable(word: str, multirun: bool) -> list[str]:
    if not word.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in word):
        raise InputError(f"{word!a}: is not UTF-8 text; rename the file or folder, or set the terminal to UTF-8")
    match = _WORD.fullmatch(word)
    if not match:
        return [word]
    sign, key, value = match["sign"], match["key"], match["value"].strip()
    dictionary = dictionary_above(key) if sign else None
    if dictionary:
        return [_entry(word, sign, dictionary, key.removeprefix(f"{dictionary}."), value, multirun)]
    if sign and _holds_text(key):
        entries = _parsed(value)
        of_numbers = entries.value() if entries and not entries.is_sweep_override() else None
        if isinstance(of_numbers, dict) and any(isinstance(name, int) for name in of_numbers):
            # Hydra reads {17: moved} with a number as the key, but 17 after a dot as text
            return [
                _entry(word, sign, key, str(name), _quoted(str(text)), multirun) for name, text in of_numbers.items()
            ]
    form = _form(word, value, type_of(key) is str, multirun)
    if _parsed("1", key) is None:
        raise InputError(_unreadable_key(word, key))
    return [word if form == value else f"{sign}{key}={form}"]


def _entry(word: str, sign: str, dictionary: str, name: str, value: str, multirun: bool) -> str:
    """An entry of a dictionary, as a key of its own or in braces: each form can be read for some names only."""
    if _holds_text(dictionary):
        form = _form(word, value, get_args(type_of(dictionary))[1] is str, multirun)
        if _ENTRY.fullmatch(name):
            return f"{sign}{dictionary}.{name}={form}"
        inner = [name]
    else:
        form = _form(word, value, type_of(f"{dictionary}.{name}") is str, multirun)
        inner = name.split(".")  # OmegaConf adds an entry with keys of its own only together with all of them
    for part in reversed(inner):
        entry = _parsed(f"{{{part}:1}}")
        if entry is None or entry.value() != {part: 1}:
            raise InputError(_unreadable_key(word, part))
        form = f"{{{part}:{form}}}"
    return f"{sign}{dictionary}={form}"


def _form(word: str, value: str, is_text: bool, multirun: bool) -> str:
    """The value in a form that Hydra can read."""
    parsed = _parsed(value)
    if parsed is not None:
        if not is_text or "${" in value:
            return value
        if parsed.is_sweep_override():
            return value if multirun else _quoted(value)
        read = parsed.value()  # a backslash, for instance, is dropped by Hydra
        as_typed = read is None or read == value or value[:1] in ("'", '"', "[", "{")
        return value if as_typed else _quoted(value)
    if value.startswith(("[", "{")):
        return _flow(word, value)
    if value.startswith(("'", '"')) or (multirun and "," in value):
        raise InputError(_unreadable(word))
    return _quoted(value)


def _flow(word: str, value: str) -> str:
    """A list or dictionary in YAML, as Hydra writes it."""
    unclear = yaml.AnchorToken | yaml.AliasToken | yaml.TagToken
    try:
        node = yaml.compose(value, yaml.BaseLoader)
        if (
            node
            and node.end_mark.index == len(value)
            and not any(isinstance(token, unclear) for token in yaml.scan(value))
        ):
            return _written(word, node)
    except (yaml.YAMLError, RecursionError):
        pass
    raise InputError(_unreadable(word))


def _written(word: str, node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return f"[{','.join(_written(word, part) for part in node.value)}]"
    if isinstance(node, yaml.MappingNode):
        return f"{{{','.join(_pair(word, name.value, value) for name, value in node.value)}}}"
    simple = isinstance(node, yaml.ScalarNode) and node.style is None and not re.search(r"[,:()\[\]{}]", node.value)
    parsed = _parsed(node.value) if simple and node.value else None
    return node.value if parsed is not None and not parsed.is_sweep_override() else _quoted(node.value)


def _pair(word: str, name: Any, value: yaml.Node) -> str:
    text = _written(word, value)
    if isinstance(name, str) and text == "''" and ":" in name:
        name, _, rest = name.partition(":")  # Hydra, unlike YAML, needs no space after the colon
        text = _quoted(rest)
    if not isinstance(name, str) or _parsed(f"{{{name}:1}}") is None:
        raise InputError(_unreadable_key(word, str(name)))
    return f"{name}:{text}"


def _with_emptied_dictionaries(words: Sequence[str]) -> Iterator[str]:
    """OmegaConf adds nothing to a dictionary that is null, but to one without a value (`???`)."""
    for at, word in enumerate(words):
        key, _, value = word.partition("=")
        filled = any(other.lstrip("+").startswith((f"{key}=", f"{key}.")) for other in words[at + 1 :])
        yield f"{key}=???" if filled and value.lower() == "null" and _is_dictionary(key) else word


def _is_dictionary(key: str) -> bool:
    return dictionary_above(f"{key}.x") == key


def _holds_text(key: str) -> bool:
    """Whether a key is a dictionary of single values, such as `cohort.exclude`."""
    return _is_dictionary(key) and get_args(type_of(key))[1] in (str, Any)


@cache
def _parsed(value: str, key: str = "x") -> Override | None:
    """What Hydra reads; None where it cannot."""
    try:
        return OverridesParser.create().parse_override(f"{key}={value}")
    except (HydraException, RecursionError):
        return None


def _quoted(text: str) -> str:
    return QuotedString(text, Quote.single).with_quotes()


def _unreadable(word: str) -> str:
    key, _, value = word.partition("=")
    close = {"[": "]", "{": "}"}.get(value.strip()[:1], "")
    texts = re.sub(r"[\[\]{}'\"]", "", value).split(",") if close else [value.strip().strip("'\"")]
    text = ", ".join(f'"{text.strip()}"' for text in texts)
    if close:
        text = f"{value.strip()[0]}{text}{close}"
    return (
        f"{word}: cannot be read; close every bracket and quote, put each text in double quotes and the whole in "
        f"single ones, such as {shlex.quote(f'{key}={text}')}"
    )


def _unreadable_key(word: str, key: str) -> str:
    return (
        f"{word}: the name {key} cannot be given on a command line, where names have letters from a to z, digits, - "
        "and _; write it in a config file of your own (docs/cohort.md)"
    )
