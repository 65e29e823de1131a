"""What a report and its runs have on record, found by paths such as `models.combined.test.auc`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from npc.config.key import unread
from npc.prognosis.analysis import Analysis

Json = dict[str, Any]
_OF_RUNS = ("config.", "environment.")


@dataclass(frozen=True)
class Record:
    """The content of the files from which answers are taken.

    Attributes:
        results: of `results.json`.
        config: of `config.yaml` of each method's signature, by method: the choices that the method reads.
        environment: of `environment.json` of the same runs.
        cohorts: titles of the cohorts, by split.
        run_keys: of the same runs, by method.
    """

    results: Mapping[str, Any]
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    cohorts: Mapping[str, str]
    run_keys: Mapping[str, str]

    def find(self, path: str) -> list[tuple[tuple[str, ...], Any]]:
        """The values at a path, each with the names for which `*` stands in it; of files of one run alone without them.

        Args:
            path: names joined by dots, of `results.json`, or after `config`, `environment` or `cohorts` of these. `*`
                stands for every name or place, `?` for the first.

        Returns:
            empty where there is no such path; None and what is empty count as absent.
        """
        tree, names = self._tree(path)
        found = [(labels, value) for labels, value in _walk(tree, names) if value not in (None, "", [], (), {})]
        one_run = path.startswith(_OF_RUNS) and len(self.run_keys) == 1
        return [(labels[1:] if one_run else labels, value) for labels, value in found]

    def source(self, path: str) -> str:
        """The file in which a path is, and the path in it."""
        first, _, rest = path.partition(".")
        if first == "cohorts":
            return "results.json: flow.steps"
        if not path.startswith(_OF_RUNS):
            return f"results.json: {'.'.join(_first_names(self.results, path.split('.')))}"
        method, _, inside = rest.partition(".")
        file = "config.yaml" if first == "config" else "environment.json"
        keys = self.run_keys.values() if method == "*" else [self.run_keys[method]]
        return f"{file} of run {', '.join(keys)}: {inside}"

    def _tree(self, path: str) -> tuple[Any, list[str]]:
        first, *rest = path.split(".")
        others = {"config": self.config, "environment": self.environment, "cohorts": self.cohorts}
        return (others[first], rest) if first in others else (self.results, [first, *rest])


def record(analysis: Analysis, results: Json) -> Record:
    """The record of a report.

    Args:
        analysis: of which the report is.
        results: its `results.json`.
    """
    runs = {method: analysis.choice.signature(method) for method in analysis.choice.best}
    configs = {
        method: {key: value for key, value in run.config().items() if key not in unread(method)}
        for method, run in runs.items()
    }
    environments = {method: run.environment() for method, run in runs.items()}
    keys = {method: run.key for method, run in runs.items()}
    return Record(results, configs, environments, analysis.splits, keys)


def _walk(tree: Any, names: list[str], labels: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not names:
        yield labels, tree
        return
    name, *rest = names
    if name in ("*", "?"):
        for label, value in _parts(tree)[: None if name == "*" else 1]:
            yield from _walk(value, rest, (*labels, label) if name == "*" and label else labels)
    elif isinstance(tree, Mapping) and name in tree:
        yield from _walk(tree[name], rest, labels)


def _first_names(tree: Any, names: list[str]) -> list[str]:
    """The names of a path with the first one in the place of `?`."""
    for place, name in enumerate(names):
        if name == "*":
            break
        if name == "?":
            names = [*names[:place], _parts(tree)[0][0], *names[place + 1 :]]
        tree = tree[names[place]]
    return names


def _parts(tree: Any) -> list[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        return [(str(name), value) for name, value in tree.items()]
    return [("", value) for value in tree] if isinstance(tree, list | tuple) else []
