"""Which run stands for a variant, and which variant is the signature.

Both are chosen on the internal validation cohort: highest AUC, then lowest log loss, then the run key. No figure of
the test cohort takes part. AUCs of different validation patients can't be compared, so the runs must agree on patients,
splits and outcomes before any is chosen: else the run with the easiest patients would win.
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from npc.config.keys import default_of
from npc.errors import InputError
from npc.names import METHODS, NETWORKS
from npc.prognosis.runs import Run

_OF_PATIENTS = ("cohort", "split", "endpoint")  # choices that decide on patients, splits and outcomes
_COMPARED = ("split", "label", "time", "event")  # columns of predictions.csv
_EXAMPLES = 3


@dataclass(frozen=True)
class Choice:
    """The chosen runs, and the runs among which they were chosen.

    Attributes:
        runs: candidates; they agree on patients, splits and outcomes.
        left_out: of the same variants, with other patients, splits or outcomes.
        best: the chosen run of each variant, by method.
    """

    runs: tuple[Run, ...]
    left_out: tuple[Run, ...]
    best: Mapping[str, Mapping[str, Run]]

    def notes(self) -> list[str]:
        """Which runs are left out."""
        n = len(self.left_out)
        return [f"{n} finished runs with other patients, splits or outcomes are left out"] if n else []

    @property
    def used(self) -> list[Run]:
        """The chosen run of each variant of each method."""
        return [run for by_variant in self.best.values() for run in by_variant.values()]

    def signature(self, method: str) -> Run:
        """The run of the best variant of a method."""
        return min(self.best[method].values(), key=rank)

    @property
    def lead(self) -> Run:
        """The signature of the combined model: the first of `npc.names.METHODS` that there is."""
        return self.signature(next(iter(self.best)))

    @property
    def network(self) -> Run | None:
        """The signature of the first method with networks, whose maps can be drawn; None where there is none."""
        methods = [method for method in self.best if method in NETWORKS]
        return self.signature(methods[0]) if methods else None


def choose(
    runs: Sequence[Run], variants: Sequence[str] | None = None, selected: Mapping[str, Any] | None = None
) -> Choice:
    """Chooses the best run of each variant of each method.

    Args:
        runs: all finished ones of a cohort.
        variants: that are compared, such as `cet1-max`; None for those that there are.
        selected: choices of the runs by dotted key, such as `{"split.seed": 1}`; they select the runs where not all
            agree on patients, splits and outcomes.

    Raises:
        InputError: a variant that was asked for has no run, or the runs do not agree.
    """
    _check_variants(runs, variants or ())
    candidates, left_out = agreeing([run for run in runs if not variants or run.variant in variants], selected or {})
    best: dict[str, dict[str, Run]] = {}
    for run in sorted(candidates, key=rank):
        best.setdefault(run.method, {}).setdefault(run.variant, run)
    ordered = {
        method: {variant: best[method][variant] for variant in variants or sorted(best[method])}
        for method in METHODS
        if method in best
    }
    return Choice(tuple(candidates), tuple(left_out), ordered)


def rank(run: Run) -> tuple[float, float, str]:
    """Lower is better: AUC, then loss, then run key."""
    return -run.auc, run.loss, run.key


def _check_variants(runs: Sequence[Run], variants: Sequence[str]) -> None:
    for method in {run.method for run in runs}:
        there = {run.variant for run in runs if run.method == method}
        absent = [variant for variant in variants if variant not in there]
        if absent:
            raise InputError(
                f"variants: no finished run of {', '.join(absent)} (there are {', '.join(sorted(there))}); "
                "train them, or leave them out of variants=[...]"
            )


def agreeing(runs: Sequence[Run], selected: Mapping[str, Any]) -> tuple[list[Run], list[Run]]:
    """The runs that agree on patients, splits and outcomes, and the others.

    Args:
        runs: to be compared.
        selected: as for `choose`; not read where all runs agree.

    Raises:
        InputError: they do not agree, and `selected` does not select runs that do: what differs between which runs.
    """
    groups = _groups(runs)
    if len(groups) <= 1:
        return list(runs), []
    named = {key: value for key, value in selected.items() if key in groups[0].choices}
    chosen = [group for group in groups if named and group.has(named)]
    if len(chosen) != 1:
        raise _disagreement(groups, named)
    kept = chosen[0].runs
    return kept, [run for run in runs if run not in kept]


@dataclass(frozen=True)
class _Group:
    """Runs that agree.

    Attributes:
        runs: two of them may differ in other choices.
        choices: values of the choices that are not the same in all groups, by dotted key.
    """

    runs: list[Run]
    choices: dict[str, list[Any]] = field(default_factory=dict)

    def has(self, selected: Mapping[str, Any]) -> bool:
        return all(value in self.choices[key] for key, value in selected.items())

    def settings(self) -> str:
        """`split.seed=1`, as it is typed; nothing where the choices are the same in all groups."""
        return " ".join(f"{key}={_typed(values)}" for key, values in self.choices.items())

    def remedy(self) -> str:
        """The choices that select the group on a command line: those with one value in it."""
        return " ".join(
            shlex.quote(f"{key}={_typed(values)}") for key, values in self.choices.items() if len(values) == 1
        )


def _groups(runs: Sequence[Run]) -> list[_Group]:
    """By patients, splits and outcomes; the largest first."""
    by_outcome: dict[str, _Group] = {}
    for run in runs:
        table = run.predictions[list(_COMPARED)].sort_index().round({"time": 6})
        by_outcome.setdefault(table.to_csv(), _Group([])).runs.append(run)
    groups = sorted(by_outcome.values(), key=lambda group: -len(group.runs))
    if len(groups) > 1:
        choices = [[run.choices() for run in group.runs] for group in groups]
        keys = sorted({key for of in choices for one in of for key in one if key.split(".")[0] in _OF_PATIENTS})
        for key in keys:
            values = [_distinct(one.get(key, default_of(key)) for one in of) for of in choices]
            if any(of != values[0] for of in values):
                for group, of in zip(groups, values, strict=True):
                    group.choices[key] = of
    return groups


def _distinct(values: Iterable[Any]) -> list[Any]:
    return sorted({repr(value): value for value in values}.values(), key=repr)


def _typed(values: Sequence[Any]) -> str:
    return "|".join(json.dumps(value, ensure_ascii=False).strip('"') for value in values)


def _disagreement(groups: Sequence[_Group], named: Mapping[str, Any]) -> InputError:
    first, *others = groups
    faults = [_described(first)]
    faults += [f"{_described(group)}: {'; '.join(_differences(first.runs[0], group.runs[0]))}" for group in others]
    settings = [group.remedy() for group in groups]
    if all(settings) and len(set(settings)) == len(groups):
        remedy = f"add the choices of one group to this command, such as {settings[0]}"
        if named:
            given = " ".join(f"{key}={_typed([value])}" for key, value in named.items())
            remedy = f"{given} selects none of these groups alone; {remedy}"
    elif len({frozenset(run.variant for run in group.runs) for group in groups}) == len(groups):
        remedy = (
            "train them alike (cohort.missing=exclude_any or mask), or name the variants that are compared: "
            "variants=[...]"
        )
    else:
        remedy = "train them again from the same table, or move the folders of the other runs out of this folder"
    return InputError(
        faults,
        "the runs do not have the same patients, splits and outcomes, so their validation AUCs cannot be compared and "
        f"none is chosen; {remedy}",
    )


def _described(group: _Group) -> str:
    names = [str(run.path) for run in group.runs[:_EXAMPLES]]
    more = ", ..." if len(group.runs) > _EXAMPLES else ""
    settings = f" with {group.settings()}" if group.settings() else ""
    return f"{len(group.runs)} run{'s' * (len(group.runs) > 1)}{settings} ({', '.join(names)}{more})"


def _differences(first: Run, run: Run) -> list[str]:
    """In what a run differs from the first."""
    theirs, mine = first.predictions, run.predictions
    lost, more = theirs.index.difference(mine.index), mine.index.difference(theirs.index)
    both = theirs.index.intersection(mine.index)
    found = [f"lacks {_patients(lost)}"] if len(lost) else []
    found += [f"has {_patients(more)} in addition"] if len(more) else []
    for column in _COMPARED:
        differ = both[(theirs.loc[both, column] != mine.loc[both, column]).to_numpy()]
        found += [f"another {column} for {_patients(differ)}"] if len(differ) else []
    return found


def _patients(ids: pd.Index) -> str:
    shown = ", ".join(map(str, ids[:_EXAMPLES]))
    return f"{len(ids)} patient{'s' * (len(ids) > 1)} ({shown}{', ...' if len(ids) > _EXAMPLES else ''})"
