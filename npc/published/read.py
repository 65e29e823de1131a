"""Reads a study's figures from YAML and reports all faults at once."""

import difflib
from collections import Counter
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from npc.errors import InputError
from npc.published.study import Published

PAPER = Path(__file__).with_name("zhang2020.yaml")


class _AsPrinted(yaml.BaseLoader):
    """Leaves each scalar as it is written (0.020 keeps its last digit) and refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        written = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        twice = [key for key, times in written.items() if times > 1]
        if twice:
            raise yaml.MarkedYAMLError(problem=f"{twice[0]} occurs twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def load(path: Path | None = None) -> Published:
    """The figures that a study prints.

    Args:
        path: YAML as in docs/audit.md; the paper's own by default.

    Raises:
        InputError: the file is missing or not YAML, a key is unknown, a type is wrong, or a row lacks a cohort.
    """
    path = path or PAPER
    try:
        written = yaml.load(path.read_text(encoding="utf-8"), Loader=_AsPrinted)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}; give a YAML file as in docs/audit.md") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(written, dict):
        raise InputError(f"{path} holds no figures; docs/audit.md shows what it should hold")
    try:
        study = Published.model_validate(written)
    except ValidationError as error:
        raise InputError([f"{path}: {_sentence(fault)}" for fault in error.errors()]) from error
    faults = [f"{path}: {fault}" for fault in _faults(study)]
    if faults:
        raise InputError(faults)
    return study


def _sentence(fault: ErrorDetails) -> str:
    """One fault that pydantic found, with its key and what to do."""
    *above, key = fault["loc"]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(key), _keys_at(above), n=1)
        return f"there is no key {where}" + (f"; did you mean {near[0]}?" if near else "; docs/audit.md lists the keys")
    if fault["type"] == "missing":
        return f"{where} is missing; docs/audit.md says what it holds"
    if fault["type"] == "value_error":
        return f"{where} {fault['msg'].removeprefix('Value error, ')}"
    return f"{where} is {fault['input']!r}: {fault['msg']}"


def _keys_at(place: list[str | int]) -> list[str]:
    """The keys that the schema knows at a place such as `baseline.0.variables.sex`."""
    kind: Any = Published
    for part in place:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
        else:
            kind = get_args(kind)[-1]
    return list(kind.model_fields)


def _faults(study: Published) -> Iterator[str]:
    """Faults that concern more than one value."""
    known = f"the {len(study.cohorts)} cohorts are {', '.join(study.cohorts)}"
    for place, name, cells in _rows(study):
        if len(cells) != len(study.cohorts):
            yield f"{place}, {name} has {len(cells)} cells and {known}; write - where no figure is printed"
    for block in study.quoted:
        for name, row in block.rows.items():
            if len(row) != len(block.columns):
                yield f"{block.place}, {name} has {len(row)} cells for {len(block.columns)} columns"
    for name, cohort in study.cohorts.items():
        if cohort.events is not None and not 0 <= cohort.events <= cohort.n:
            yield f"cohorts.{name}: {cohort.events} events are not possible with n = {cohort.n}"
    for place, name, variable in study.variables():
        if bool(variable.levels) == bool(variable.mean):
            yield f"{place}, {name} needs either levels (categorical) or mean (continuous)"
    rows = Counter(name for name, _, _ in study.named_rows())
    for relation in study.rules:
        for term in relation.rule.left + relation.rule.right:
            if rows[term] != 1:
                why = "is no level or mean" if not rows[term] else "names more than one row; write variable.level"
                yield f"rules: {relation.rule.text}: {term} {why}"


def _rows(study: Published) -> Iterator[tuple[str, str, list[Any]]]:
    for place, name, variable in study.variables():
        yield from ((place, f"{name}, {level}", cells) for level, cells in variable.levels.items())
        if variable.mean:
            yield place, name, variable.mean
    for block in study.aucs:
        yield from ((block.place, model, cells) for model, cells in block.models.items())
    for means in study.means:
        yield from ((means.place, name, cells) for name, cells in means.means.items())
