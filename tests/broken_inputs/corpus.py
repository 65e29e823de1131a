"""The corpus: each kind of broken input breaks one thing of a good cohort and says what its message must contain."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Breaks the cohort in a folder; what it returns are further choices of the command.
Break = Callable[[Path], list[str] | None]


@dataclass(frozen=True)
class Kind:
    """One kind of broken input.

    Attributes:
        name: of the function that breaks it.
        spoil: breaks one thing of the good cohort.
        where: names the file, patient or config key in the message.
        words: further words of the message.
    """

    name: str
    spoil: Break
    where: str
    words: tuple[str, ...]


CORPUS: list[Kind] = []


def kind(where: str, *words: str) -> Callable[[Break], Break]:
    """Enter a function into the corpus."""

    def enter(spoil: Break) -> Break:
        name = f"{spoil.__module__.rpartition('.')[2]}-{spoil.__name__}"
        CORPUS.append(Kind(name, spoil, where, words))
        return spoil

    return enter
