"""The runs of W&B sweep files: the one specification that every backend reads.

A file's grid is expanded as W&B expands it, and each cell is the command line that its agent would write. Cells with
equal values are one run, even if the paper writes the values differently (10e-4 and 0.001).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import OverrideType
from omegaconf import DictConfig, OmegaConf

from npc.config.checks import check
from npc.config.key import run_folder, run_key
from npc.config.loading import compose, is_group
from npc.config.messages import composing
from npc.config.values import plain
from npc.config.words import readable
from npc.errors import InputError
from npc.sweep.file import SweepFile, read


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
            for run in _runs(file, read(file), more):
                cells += 1
                before = runs.setdefault(run.folder, run)
                if before.halving and not run.halving:  # a run that one file asks for in full is never stopped early
                    runs[run.folder] = run
        except InputError as error:
            faults += [f"{file}: {fault}" for fault in error.faults]
    if faults:
        raise InputError(faults)
    return Plan(tuple(runs.values()), cells)


def _runs(file: Path, content: SweepFile, more: Sequence[str]) -> Iterator[Planned]:
    halving = content.early_terminate
    composed: dict[tuple[str, ...], DictConfig] = {}
    for choices, written in content.cells():
        overrides = (*written, *more)
        resolved = _compose(overrides, composed)
        check(resolved)
        yield Planned(
            file, overrides, run_key(resolved), run_folder(resolved),
            {key: value for key, value in choices.items() if key in content.varied}, plain(resolved),
            Halving(halving["min_iter"], halving.get("eta", 3)) if halving else None,
        )  # fmt: skip


def _compose(overrides: Sequence[str], composed: dict[tuple[str, ...], DictConfig]) -> DictConfig:
    """`compose`, which takes a third of a second, once for each choice of config groups.

    Raises:
        InputError: an unknown key, or a value that the key does not allow.
    """
    with composing(overrides):
        words = readable(overrides)
        parsed = OverridesParser.create().parse_overrides(words)
        groups = tuple(
            word for word, override in zip(words, parsed, strict=True)
            if override.type is not OverrideType.CHANGE or is_group(override.key_or_group)
            or override.key_or_group == "hydra.searchpath"  # where groups of the user are
        )  # fmt: skip
        if groups not in composed:
            composed[groups] = compose(groups, resolve=False)
        resolved = composed[groups].copy()
    for word, override in zip(words, parsed, strict=True):
        if word not in groups:
            with composing([word]):
                OmegaConf.update(resolved, override.key_or_group, override.value())
    with composing(overrides):
        OmegaConf.resolve(resolved)
    return resolved
