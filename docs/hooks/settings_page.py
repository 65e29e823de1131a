"""The page of all settings, made from `conf/` (values and reasons) and `npc/config/schema.py` (types and bounds)."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import get_args

from mkdocs.structure.files import File, Files

from npc.config.schema import EvaluateConfig, TrainConfig

CONFIGS = Path(__file__).resolve().parents[2] / "conf"
_NO_DEFAULTS = ("???", MISSING)


def on_files(files: Files, config) -> Files:
    """Adds the page."""
    files.append(File.generated(config, "settings.md", content="\n".join(_page())))
    return files


def _page() -> Iterator[str]:
    yield "# Settings\n"
    yield "Generated from `conf/`. A key is given as `KEY=VALUE`; a file of a group as `GROUP=NAME`. Keys marked *"
    yield "cannot change the numbers of a run and are no part of its key.\n"
    for name, schema in (("train", TrainConfig), ("evaluate", EvaluateConfig)):
        yield f"## {name}.py\n"
        yield from _code(CONFIGS / f"{name}.yaml")
        yield "| key | type | must be |\n| --- | --- | --- |"
        yield from _rows(schema)
        yield ""
    for group in sorted(path for path in CONFIGS.iterdir() if path.is_dir() and path.name != "hydra"):
        yield f"## {group.name}\n"
        for file in sorted(group.glob("*.yaml")):
            yield f"### {group.name}={file.stem}\n"
            yield from _code(file)


def _code(file: Path) -> Iterator[str]:
    yield f"```yaml\n{file.read_text().rstrip()}\n```\n"


def _rows(schema: type, above: str = "") -> Iterator[str]:
    for item in fields(schema):
        inner = next((of for of in (item.type, *get_args(item.type)) if is_dataclass(of)), None)
        if inner is not None and item.type is inner:
            yield from _rows(inner, f"{above}{item.name}.")
            continue
        bound = item.metadata.get("bound")
        kind = getattr(item.type, "__name__", None) if isinstance(item.type, type) else str(item.type)
        mark = "*" if item.metadata.get("neutral") else ""
        cells = (f"`{above}{item.name}`{mark}", f"`{kind}`".replace("|", "or"), bound.text if bound else "")
        yield f"| {' | '.join(cells)} |"
