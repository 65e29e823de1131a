"""A relation between printed rows, such as `N0 + N1 <= T3 + IVa`."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Relation:
    """Sums of named rows on both sides of `=`, `<=` or `>=`."""

    text: str
    left: tuple[str, ...]
    sign: str
    right: tuple[str, ...]


def parse(text: Any) -> Relation:
    """Reads a relation; a `+` that adds needs spaces around it, since `IC+CCRT` is a name."""
    match = re.fullmatch(r"(.+?)\s+(=|<=|>=)\s+(.+)", text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"is {text!r}; write a relation such as N0 + N1 <= T3 + IVa, with spaces around = and +")
    left, sign, right = match.groups()
    return Relation(text.strip(), _terms(left), sign, _terms(right))


def _terms(side: str) -> tuple[str, ...]:
    return tuple(term.strip() for term in re.split(r"\s\+\s", side))
