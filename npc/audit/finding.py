"""What a check reports about a printed figure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One line of an audit.

    Attributes:
        check: the check that reports it.
        kind: `does not fit` (the figures can't all be as printed), `implied` (a number that is not printed follows from
            them), `note` (what a check could not decide, and why).
        place: table, row, column.
        printed: the figure.
        expected: what would be consistent.
        meaning: a sentence or clause.
    """

    check: str
    kind: Literal["does not fit", "implied", "note"]
    place: str
    printed: str
    expected: str
    meaning: str

    def __str__(self) -> str:
        """As one line."""
        word = "fits" if self.kind == "implied" else "expected"
        text = f"{self.place}: {self.printed}" + (f"; {word} {self.expected}" if self.expected else "")
        return f"{text}: {self.meaning}"
