"""What a check says of a printed figure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One line of an audit.

    Attributes:
        check: the check that says it.
        kind: `does not fit` (the figures can't all be as printed), `implied` (they give away what is not printed),
            `note` (what a check could not tell, and why).
        place: table, row, column.
        printed: the figure.
        expected: what would fit.
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
        found = f"{self.place}: {self.printed}" + (f"; {word} {self.expected}" if self.expected else "")
        return f"{found}: {self.meaning}"
