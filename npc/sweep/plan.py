"""The runs of W&B sweep files: the one specification that every backend reads.

A file's grid is expanded as W&B expands it, and each cell is the command line that its agent would write. Cells with
equal values are one run, even if the paper writes the values differently (10e-4 and 0.001).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import OverrideType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from npc.config.checks import check
from npc.config.key import run_folder, run_key
from npc.config.loading import compose, is_group
from npc.config.messages import in_plain_words
from npc.config.values import plain
from npc.errors import InputError

_KEYS = {"program", "name", "description", "project", "entity", "method", "metric", "parameters", "command", "run_cap",
         "early_terminate"}  # fmt: skip


@dataclass(frozen=True)
class Halving:
    """Successive halving: of the runs that reach a rung, one in `factor` continues to the next.

    Attributes:
        epochs: number of epochs at the first rung; it is multiplied by `factor` at each further rung.
        factor: 2 or more.
    """

    epochs: int
    factor: int


@dataclass(frozen=True)
class Planned:
    """A run of a sweep.

    Attributes:
        file: the sweep file.
        overrides: of `train.py`, such as `batch_size=4`.
        key: the run key.
        folder: `runs/<cohort>/<sequence>-<slices>/<run_key>`.
        choices: the choices that the file varies, by key.
        composed: all choices of the run, as they were checked.
        halving: how runs are stopped early; None where every run is completed.
    """

    file: Path
    overrides: tuple[str, ...]
    key: str
    folder: Path
    choices: Mapping[str, Any] = field(compare=False)
    composed: Mapping[str, Any] = field(compare=False, repr=False)
    halving: Halving | None = None

    @property
    def variant(self) -> str:
        """`<sequence>-<slices>`."""
        return self.folder.parent.name


@dataclass(frozen=True)
class Plan:
    """The runs of some files, each once, in the order of the files and their grids.

    Attributes:
        runs: to be made.
        cells: number of cells of the grids; larger than the number of runs where several cells mean the same run.
    """

    runs: tuple[Planned, ...]
    cells: int


def plan(files: Sequence[Path], more: Sequence[str] = ()) -> Plan:
    """Reads sweep files and names their runs; every choice is checked, no run is started.

    Args:
        files: W&B sweep files of `method: grid`.
        more: overrides that hold for all runs, such as `cohort=table`.

    Raises:
        InputError: the faults of all files at once.
    """
    faults: list[str] = []
    runs: dict[Path, Planned] = {}
    cells = 0
    for file in files:
        try:
            for run in _runs(file, _read(file), more):
                cells += 1
                before = runs.setdefault(run.folder, run)
                if before.halving and not run.halving:  # a run that one file asks for in full is never stopped early
                    runs[run.folder] = run
        except InputError as error:
            faults += [f"{file}: {fault}" for fault in error.faults]
    if faults:
        raise InputError(faults)
    return Plan(tuple(runs.values()), cells)


def _read(file: Path) -> dict[str, Any]:
    """The file's content, if it is a grid that can be expanded."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"can't be read ({error.strerror}); `ls sweeps` shows those that come with npc") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict) or not isinstance(content.get("parameters"), dict):
        raise InputError("is not a sweep file: it has no `parameters:` with keys of train.py")
    faults = [f"{key}: a sweep file has no such key (it may have {', '.join(sorted(_KEYS))})"
              for key in content if key not in _KEYS]  # fmt: skip
    if (method := content.get("method")) != "grid":
        faults.append(f"method: {method} asks W&B for each next run; only a grid can be run without it (use "
                      "wandb agent, or method: grid)")  # fmt: skip
    faults += _halving_faults(content.get("early_terminate"))
    faults += [fault for key, choice in content["parameters"].items() for fault in _choice_faults(key, choice)]
    if faults:
        raise InputError(faults)
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


def _choice_faults(key: str, choice: Any) -> Iterator[str]:
    if not isinstance(choice, dict) or set(choice) not in ({"value"}, {"values"}):
        yield f"parameters.{key}: must hold `value:` or `values:` and nothing else; a grid has no distributions"
        return
    values = choice.get("values", [choice.get("value")])
    if not isinstance(values, list) or not values:
        yield f"parameters.{key}.values: must be a list such as [1, 2]"
        return
    for value in values:
        if isinstance(value, str) and _is_number(value):
            yield f"parameters.{key}: {value} is text to YAML; write a number with a point, such as 1.0e-4"
        elif isinstance(value, dict | list):
            yield f"parameters.{key}: {value} is not a single value"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _runs(file: Path, content: Mapping[str, Any], more: Sequence[str]) -> Iterator[Planned]:
    values = {str(key): choice.get("values", [choice.get("value")]) for key, choice in content["parameters"].items()}
    halving = content.get("early_terminate")
    varied = {key for key, choice in content["parameters"].items() if "values" in choice}
    composed: dict[tuple[str, ...], DictConfig] = {}
    for cell in product(*values.values()):
        choices = dict(zip(values, cell, strict=True))
        overrides = (*(f"{key}={_as_argument(value)}" for key, value in choices.items()), *more)
        resolved = _compose(overrides, composed)
        check(resolved)
        yield Planned(
            file, overrides, run_key(resolved), run_folder(resolved),
            {key: value for key, value in choices.items() if key in varied}, plain(resolved),
            halving and Halving(halving["min_iter"], halving.get("eta", 3)),
        )  # fmt: skip


def _as_argument(value: Any) -> str:
    """As W&B's agent writes a value on a command line."""
    return str(value)


def _compose(overrides: Sequence[str], composed: dict[tuple[str, ...], DictConfig]) -> DictConfig:
    """`compose`, which takes a third of a second, once for each choice of config groups.

    Raises:
        InputError: an unknown key, or a value that the key does not allow.
    """
    at = ""
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        groups = tuple(
            text for text, override in zip(overrides, parsed, strict=True)
            if override.type is not OverrideType.CHANGE or is_group(override.key_or_group)
        )  # fmt: skip
        if groups not in composed:
            composed[groups] = compose(groups, resolve=False)
        resolved = composed[groups].copy()
        for text, override in zip(overrides, parsed, strict=True):
            at = text
            if text not in groups:
                OmegaConf.update(resolved, override.key_or_group, override.value())
        at = ""
        OmegaConf.resolve(resolved)
    except (HydraException, OmegaConfBaseException) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        message = in_plain_words(lines[0])
        raise InputError(f"{at}{': ' if at else ''}{message} (`python train.py --cfg job` shows every key)") from None
    return resolved
