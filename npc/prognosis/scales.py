"""The lines of a nomogram: what each value of a variable adds to the log odds, and its points."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A line of a nomogram.

    Attributes:
        title: of the variable.
        marks: what to write at a value, and what the value adds to the log odds.
        continuous: whether there are values between the marks, so that a mark without room may be left out.
        terms: of the regression, which together are the variable.
    """

    title: str
    marks: tuple[tuple[str, float], ...]
    continuous: bool = False
    terms: tuple[str, ...] = ()

    @property
    def low(self) -> float:
        """The least that a mark adds to the log odds: 0 points."""
        return min(part for _, part in self.marks)

    @property
    def width(self) -> float:
        """From there to the most that a mark adds."""
        return max(part for _, part in self.marks) - self.low


def points_per_log_odds(scales: Iterable[Scale]) -> float:
    """The strongest variable of a nomogram runs from 0 to 100 points."""
    return 100 / (max(scale.width for scale in scales) or 1.0)
