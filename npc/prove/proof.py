"""One proof: a claim, whether it holds, and the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass

Row = Mapping[str, str]


@dataclass(frozen=True)
class Proof:
    """Of one claim.

    Attributes:
        name: short, such as `fit`.
        claim: a sentence.
        method: what was done.
        holds: whether every row agrees with the claim.
        rows: the evidence, with the same keys each.
    """

    name: str
    claim: str
    method: str
    holds: bool
    rows: tuple[Row, ...]


def compared(of: str, run: str, before: Mapping[str, str], after: Mapping[str, str], *, same: bool) -> list[Row]:
    """A row for each value: before and after a change, and whether it should and does stay the same.

    Args:
        of: what the values belong to.
        run: from which they come.
        before: values by name.
        after: the same names.
        same: whether they should stay the same; else one of them at least should not.
    """
    differ = {name for name in before if before[name] != after.get(name)} | (after.keys() - before.keys())
    right = not differ if same else bool(differ)
    return [
        {
            "Of": of,
            "Run": run,
            "What": name,
            "Before": before.get(name, ""),
            "After": after.get(name, ""),
            "Expected": "the same" if same else "one of them differs",
            "Holds": "yes" if (name not in differ if same else right) else "no",
        }
        for name in {**before, **after}
    ]


def all_hold(rows: list[Row]) -> bool:
    """Whether every row does; False without rows."""
    return bool(rows) and all(row["Holds"] == "yes" for row in rows)
