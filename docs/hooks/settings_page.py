"""The page of all settings, made from `conf/` (values and reasons) and `npc/config/*schema.py` (types and bounds)."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from hydra import compose, initialize_config_dir
from mkdocs.structure.files import File, Files
from omegaconf import OmegaConf

from npc.config.cohort_schema import BidsCohortConfig, CriterionConfig, VariableConfig
from npc.config.schema import EvaluateConfig, TrainConfig
from npc.phantom.options import Options

CONFIGS = Path(__file__).resolve().parents[2] / "conf"
# keys that are not those of the default cohort's schema: where they lie, and what declares them
_MORE = {
    "A clinical variable": ("cohort.clinical.NAME.", VariableConfig),
    "A criterion": ("cohort.criteria.NAME.", CriterionConfig),
    "cohort=bids": ("cohort.", BidsCohortConfig),
    "cohort=phantom": ("cohort.", Options),
}
_LONG = 48  # characters of a default; a longer one stands in the file of its group
_KEY = re.compile(r"( *)([\w.]+):(?: |$)(.*)")


def on_files(files: Files, config) -> Files:
    """Adds the page."""
    files.append(File.generated(config, "settings.md", content="\n".join(_page())))
    return files


def _page() -> Iterator[str]:
    yield "# Settings\n"
    yield "Generated from `conf/`. A key is given as `KEY=VALUE`; a file of a group as `GROUP=NAME`. Keys marked *"
    yield "cannot change the numbers of a run and are no part of its key. Defaults are those without any choice,"
    yield "which are of cohort=phantom.\n"
    known: set[str] = set()
    for name, schema in (("train", TrainConfig), ("evaluate", EvaluateConfig)):
        yield f"## {name}.py\n"
        yield from _code(CONFIGS / f"{name}.yaml")
        yield from _table(list(_rows(schema, _defaults(name), _reasons(name))))
        known |= {f"{at}{item.name}" for at, item, _ in _keys(schema)}
    for title, (at, schema) in _MORE.items():
        yield f"## {title}\n"
        rows = _rows(schema, _defaults("train"), _reasons("train"), at)
        yield from _table([row for row in rows if row[0].strip("`*") not in known])
    for group in sorted(path for path in CONFIGS.iterdir() if path.is_dir() and path.name != "hydra"):
        yield f"## {group.name}\n"
        for file in sorted(group.glob("*.yaml")):
            yield f"### {group.name}={file.stem}\n"
            yield from _code(file)


def _code(file: Path) -> Iterator[str]:
    yield f"```yaml\n{file.read_text().rstrip()}\n```\n"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield "| key | type | default | must be | what, unit and reason |\n| --- | --- | --- | --- | --- |"
    yield from (f"| {' | '.join(cells)} |" for cells in rows)
    yield ""


def _rows(
    schema: type, defaults: Mapping[str, str], reasons: Sequence[Mapping[str, str]], at: str = ""
) -> Iterator[tuple[str, ...]]:
    of_default, of_others = reasons
    for above, item, comment in _keys(schema, at):
        bound, key = item.metadata.get("bound"), f"{above}{item.name}"
        kind = getattr(item.type, "__name__", None) if isinstance(item.type, type) else str(item.type)
        reason = of_default.get(key) or item.metadata.get("help") or comment or of_others.get(key, "")
        yield (
            f"`{key}`{'*' if item.metadata.get('neutral') else ''}",
            f"`{kind}`".replace("|", "or"),
            f"`{defaults[key]}`" if key in defaults else "",
            bound.text if bound else "",
            reason.replace("|", "or"),
        )


def _keys(schema: type, above: str = "") -> Iterator[tuple[str, Field, str]]:
    """Where each key lies, its field, and the comment behind it in the schema."""
    source = "" if schema.__module__ == "types" else inspect.getsource(schema)
    comments = dict(re.findall(r"^    (\w+):.*?  # (.*)$", source, re.MULTILINE))
    for item in fields(schema):
        inner = next((of for of in (item.type, *get_args(item.type)) if is_dataclass(of)), None)
        if inner is not None and item.type is inner:
            yield from _keys(inner, f"{above}{item.name}.")
        else:
            yield above, item, comments.get(item.name, "")


def _defaults(script: str) -> dict[str, str]:
    """What each key is without any choice, by its whole name."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose(script)
    return {key: text for key, value in _leaves(config) if len(text := _written(value)) <= _LONG}


def _leaves(config: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for key in map(str, config):
        value = None if OmegaConf.is_missing(config, key) else config[key]
        if OmegaConf.is_dict(value) and len(value):
            yield from _leaves(value, f"{above}{key}.")
        yield f"{above}{key}", value


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _reasons(script: str) -> tuple[dict[str, str], dict[str, str]]:
    """The comments of the keys in `conf/`, by their whole names: those that stand with the defaults, and all others.

    The others give reasons for other values, so that the comment of the schema comes before them.
    """
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        chosen = compose(script, return_hydra_config=True).hydra.runtime.choices
    of_default, of_others = dict(_comments(CONFIGS / f"{script}.yaml")), dict[str, str]()
    for group in sorted(path.name for path in CONFIGS.iterdir() if path.is_dir() and path.name != "hydra"):
        if group in ("experiment", "debug", "criteria"):  # their keys are those of other groups
            continue
        defaults = _inherited(CONFIGS / group, chosen.get(group, ""))
        others = [file.stem for file in sorted((CONFIGS / group).glob("*.yaml")) if file.stem not in defaults]
        for names, found in ((defaults, of_default), (others, of_others)):
            for name in names:
                for key, text in _comments(CONFIGS / group / f"{name}.yaml"):
                    found.setdefault(f"{group}.{key}", text)
    return of_default, of_others


def _inherited(group: Path, name: str) -> list[str]:
    """A file of a group and those of the same group that it builds on, such as `table` of cohort=phantom."""
    if not (group / f"{name}.yaml").exists():
        return []
    listed = OmegaConf.load(group / f"{name}.yaml").get("defaults", [])
    bases = [base for base in listed if isinstance(base, str) and (group / f"{base}.yaml").exists()]
    return [name, *(found for base in bases for found in _inherited(group, base))]


def _comments(file: Path) -> Iterator[tuple[str, str]]:
    """The comment behind a key, or above it if it is not the head of the file."""
    above: list[tuple[int, str]] = []  # the keys that a line lies in, with their indents
    block: list[str] = []
    head = True
    for line in file.read_text().splitlines():
        if line.lstrip().startswith("#"):
            block.append(line.strip().lstrip("# "))
            continue
        match = _KEY.match(line)
        if match:
            above = [(indent, name) for indent, name in above if indent < len(match[1])]
            comment = match[3].partition("# ")[2] or ("" if head else " ".join(block))
            above.append((len(match[1]), match[2]))
            head = False
            if comment:
                yield ".".join(name for _, name in above), comment
        block = []
