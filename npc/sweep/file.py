"""A sweep file of W&B, as far as it can be run without W&B: a grid, and the command that its agent would start."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from npc.config.keys import type_of
from npc.errors import InputError

_KEYS = {"program", "name", "description", "project", "entity", "method", "metric", "parameters", "command", "run_cap",
         "early_terminate"}  # fmt: skip
# What a parameter of a grid holds, by its distribution; W&B names the distribution, or infers it from the keys.
_DISTRIBUTIONS = {"constant": {"value"}, "categorical": {"values"}, "int_uniform": {"min", "max"}}
_MOST = 100_000  # settings of a grid
_CHOICE = re.compile(r"\+{0,2}[^=+~-][^=]*=.*|~.+", re.DOTALL)


@dataclass(frozen=True)
class SweepFile:
    """What a file asks for.

    Attributes:
        values: of each parameter, in the order of the file.
        varied: the parameters with a list of values.
        before: the choices that the file's `command:` has before those of the parameters.
        after: those that it has after them.
        early_terminate: `min_iter` (epochs) and, optionally, `eta` of successive halving; None without it.
    """

    values: Mapping[str, Sequence[Any]]
    varied: frozenset[str]
    before: tuple[str, ...]
    after: tuple[str, ...]
    early_terminate: Mapping[str, Any] | None

    def cells(self) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
        """The choices of each cell of the grid, and the overrides of `train.py` that W&B's agent writes for them."""
        for cell in product(*self.values.values()):
            choices = dict(zip(self.values, cell, strict=True))
            yield choices, (*self.before, *(f"{key}={value}" for key, value in choices.items()), *self.after)


def read(file: Path) -> SweepFile:
    """Reads a sweep file.

    Raises:
        InputError: with every reason why it is not a grid of `train.py` that can be made without W&B.
    """
    content = _content(file)
    faults = [f"{key}: a sweep file has no such key (it may have {', '.join(sorted(_KEYS))})"
              for key in content if key not in _KEYS]  # fmt: skip
    if (method := content.get("method")) != "grid":
        faults.append(f"method: {method} asks W&B for each next run; only a grid can be run without it (use "
                      "wandb agent, or method: grid)")  # fmt: skip
    if Path(str(content.get("program", "train.py"))).name != "train.py":
        faults.append(f"program: {content['program']}: npc sweep makes runs of train.py only")
    faults += _halving_faults(content.get("early_terminate"))
    flat = list(_flat(content["parameters"]))
    parameters = dict(flat)
    faults += [f"parameters.{key}: is given twice, nested and with dots; keep one"
               for key, times in Counter(key for key, _ in flat).items() if times > 1]  # fmt: skip
    faults += [fault for key, choice in parameters.items() for fault in _choice_faults(key, choice)]
    before, after = _fixed_choices(content.get("command"), faults)
    if faults:
        raise InputError(faults)
    values = {key: _values(choice) for key, choice in parameters.items()}
    cells, cap = _number_of_cells(values), content.get("run_cap")
    if cells > _MOST:
        raise InputError(
            f"parameters: the grid has {cells:,} settings; a sweep has {_MOST:,} at most, so list fewer values"
        )
    if cap is not None and (not isinstance(cap, int) or cap < cells):
        raise InputError(f"run_cap: {cap}: the grid has {cells} settings, and all of them are made; list fewer values")
    varied = frozenset(key for key, choice in parameters.items() if "value" not in choice)
    return SweepFile(values, varied, before, after, content.get("early_terminate"))


def _content(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"can't be read ({error.strerror}); `ls sweeps` shows those that come with npc") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict) or not isinstance(content.get("parameters"), dict):
        raise InputError("is not a sweep file: it has no `parameters:` with keys of train.py")
    return content


def _halving_faults(settings: Any) -> Iterator[str]:
    if settings is None:
        return
    if not isinstance(settings, dict) or not {"type", "min_iter"} <= set(settings) <= {"type", "min_iter", "eta"}:
        yield "early_terminate: must hold `type: hyperband`, `min_iter:` (epochs) and, optionally, `eta:`"
    elif settings["type"] != "hyperband":
        yield f"early_terminate.type: {settings['type']}: only hyperband is known"
    else:
        for key, least in (("min_iter", 1), ("eta", 2)):
            value = settings.get(key, least)
            if not isinstance(value, int) or value < least:
                yield f"early_terminate.{key}: {value}: must be a whole number, {least} or more"


def _flat(parameters: Mapping[Any, Any], group: str = "") -> Iterator[tuple[str, Any]]:
    """Each parameter with its key; those nested below `parameters:` have the key of their group before theirs."""
    for name, choice in parameters.items():
        if isinstance(choice, dict) and set(choice) == {"parameters"} and isinstance(choice["parameters"], dict):
            yield from _flat(choice["parameters"], f"{group}{name}.")
        else:
            yield f"{group}{name}", choice


def _choice_faults(key: str, choice: Any) -> Iterator[str]:
    at = f"parameters.{key}"
    if not isinstance(choice, dict):
        yield f"{at}: must hold `value:`, or `values:` with a list"
        return
    distribution, given = choice.get("distribution"), set(choice) - {"distribution"}
    needed = _DISTRIBUTIONS.get(distribution) if isinstance(distribution, str) else None
    if distribution is not None and needed is None:
        yield f"{at}.distribution: a grid cannot draw from {distribution}; list the values as `values: [...]`"
    elif given not in ([needed] if needed else _DISTRIBUTIONS.values()):
        found = ", ".join(map(str, choice)) or "nothing"
        yield f"{at}: has {found}; a parameter of a grid has `value:`, `values: [...]`, or `min:` and `max:`"
    elif given == {"min", "max"}:
        if not all(type(choice[end]) is int for end in given) or choice["min"] > choice["max"]:
            yield f"{at}: min and max must be whole numbers, min first; list other values as `values: [...]`"
    elif not isinstance(choice.get("values", [None]), list) or choice.get("values") == []:
        yield f"{at}.values: must be a list such as [1, 2]"
    else:
        for value in _values(choice):
            if isinstance(value, str) and _is_number(value) and type_of(key) is not str:
                yield f"{at}: {value} is text to YAML; write a number with a point, such as 1.0e-4"
            elif isinstance(value, dict | list):
                yield f"{at}: {value} is not a single value"


def _values(choice: Mapping[str, Any]) -> Sequence[Any]:
    if "min" in choice:
        return range(choice["min"], choice["max"] + 1)
    return choice.get("values", [choice.get("value")])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number_of_cells(values: Mapping[str, Sequence[Any]]) -> int:
    cells = 1
    for of_one in values.values():
        cells *= len(of_one)
    return cells


def _fixed_choices(command: Any, faults: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The choices that W&B's agent would write before and after those of the parameters.

    `logger` is left out: it changes no result, and `npc sweep` makes the runs of `logger=wandb` without W&B, too.
    """
    if command is None:
        return (), ()
    if not isinstance(command, list):
        faults.append("command: must be a list, as in sweeps/smoke.yaml")
        return (), ()
    words = [re.sub(r"\$\{envvar:([A-Z0-9_]*)\}", lambda name: os.environ.get(name[1], name[1]), str(word))
             for word in command]  # fmt: skip
    program = next((at for at, word in enumerate(words) if word == "${program}" or Path(word).name == "train.py"), None)
    if program is None:
        faults.append("command: starts neither ${program} nor train.py; write it as in sweeps/smoke.yaml")
        return (), ()
    words = words[program + 1 :]
    if words.count("${args_no_hyphens}") != 1:
        faults.append("command: must have ${args_no_hyphens} once, the form in which train.py takes the parameters")
        return (), ()
    unknown = [word for word in words if word != "${args_no_hyphens}" and not _CHOICE.fullmatch(word)]
    faults += [f"command: npc sweep cannot apply {word}; it applies choices such as cohort=table" for word in unknown]
    at = words.index("${args_no_hyphens}")
    kept = [tuple(word for word in part if not _is_of_logger(word)) for part in (words[:at], words[at + 1 :])]
    return kept[0], kept[1]


def _is_of_logger(word: str) -> bool:
    return re.match(r"\+{0,2}logger[.=@]", word) is not None
