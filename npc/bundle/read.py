"""A bundle that was read: from its file, or made of a run folder on the spot."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from npc.bundle.formula import Formula
from npc.bundle.manifest import pack, sha256, unpack
from npc.bundle.part import Part
from npc.errors import InputError


@dataclass(frozen=True)
class Bundle:
    """A model that was handed over.

    Attributes:
        about: `model.json`: what it is.
        formula: of its risk.
        population: of its training cohort.
        parts: its signatures, by term.
        digest: SHA-256 of its file.
    """

    about: Mapping[str, Any]
    formula: Formula
    population: Mapping[str, Any]
    parts: Mapping[str, Part]
    digest: str

    @property
    def sequences(self) -> tuple[str, ...]:
        """Those that it needs."""
        return tuple(self.about["sequences"])

    @property
    def is_masked(self) -> bool:
        """Whether all its signatures predict patients who lack a sequence (`cohort.missing=mask`)."""
        members = [member for part in self.parts.values() for member in part.settings.get("members", [{}])]
        return bool(members) and all(member.get("network", {}).get("masked", False) for member in members)


def open_bundle(path: Path) -> Bundle:
    """A bundle.

    Args:
        path: of the file, or the folder of a finished run.

    Raises:
        InputError: as for `unpack`, or the run can't be used.
    """
    if path.is_dir():
        from npc.bundle.write import members

        content, _ = members([path], with_images=False)
    else:
        content = unpack(path)
    return of_members(content, path)


def of_members(content: Mapping[str, bytes], path: Path) -> Bundle:
    """A bundle of its members.

    Args:
        content: of each member, by name.
        path: where they come from, for messages.

    Raises:
        InputError: a member is missing, or names a sequence that can be no file.
    """
    try:
        about, formula, population = (
            json.loads(content[f"{name}.json"]) for name in ("model", "formula", "population")
        )
        parts = {
            term: Part(
                json.loads(content[f"signatures/{term}/settings.json"]),
                content[f"signatures/{term}/weights.safetensors"],
            )
            for term in formula["signatures"]
        }
        names = set(about["sequences"])
        used = {name for part in parts.values() for name in part.sequences}
    except KeyError as error:
        raise InputError(f"{path} lacks {error}; ask the hospital that made it for the file again") from None
    if not used <= names or not all(re.fullmatch(r"\w[\w.+-]*", name) for name in names):  # they become file names
        raise InputError(f"{path}: its sequences have no proper names; ask the hospital that made it")
    return Bundle(about, Formula(formula), population, parts, sha256(pack(content)))
