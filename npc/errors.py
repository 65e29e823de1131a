"""Errors that end a command with a message: faults of the input, reported all at once."""

import re
from collections.abc import Iterable, Sequence
from typing import Self

EXAMPLES = 3  # places that a fault of more places names

# What differs between faults of one kind: quoted values and numbers.
_VALUES = re.compile(r"'[^']*'|\d[\d.,:-]*")


class Fault(str):
    """A sentence about one place, of a kind that other places may share.

    Attributes:
        place: such as a patient.
        kind: the sentence without place and values, the same for all faults of a kind.
    """

    place: str
    kind: str

    def __new__(cls, sentence: str, place: str = "", differing: Iterable[str] = ()) -> Self:
        """Args: `differing` are further words of the sentence that depend on the place, such as paths."""
        fault = super().__new__(cls, sentence)
        kind = sentence
        for words in (*sorted(differing, key=len, reverse=True), place):
            kind = kind.replace(words, "") if words else kind
        fault.place, fault.kind = place, _VALUES.sub("#", kind)
        return fault


def grouped(faults: Sequence[str]) -> list[str]:
    """The faults as a user reads them: of more than three of a kind the first, with their number and three places."""
    kinds: dict[str, list[Fault]] = {}
    for fault in faults:
        if isinstance(fault, Fault):
            kinds.setdefault(fault.kind, []).append(fault)
    shown = []
    for fault in faults:
        same = kinds[fault.kind] if isinstance(fault, Fault) else []
        if len(same) <= EXAMPLES:
            shown.append(str(fault))
        elif fault is same[0]:
            places = "; ".join(each.place for each in same[:EXAMPLES])
            shown.append(f"{fault} ({len(same)} faults of this kind: {places}; ...)")
    return shown


class InputError(Exception):
    """Something in the input is wrong; the command ends with exit code 2 and these messages, without a traceback.

    Args:
        faults: one sentence or more, each with the file, patient or config key, what is wrong and what to do.
        summary: a heading for several faults.
    """

    def __init__(self, faults: str | Iterable[str], summary: str = "") -> None:
        self.faults: Sequence[str] = [faults] if isinstance(faults, str) else list(faults)
        self.summary = summary
        super().__init__(str(self))

    def __str__(self) -> str:
        """The message as the user reads it."""
        if len(self.faults) == 1 and not self.summary:
            return self.faults[0]
        head = self.summary or f"{len(self.faults)} faults"
        return "\n".join([f"{head}:", *(f"  - {fault}" for fault in grouped(self.faults))])

    def __reduce__(self) -> tuple[type["InputError"], tuple[list[str], str]]:
        """Makes the error picklable, so that a worker process can return it."""
        return type(self), (list(self.faults), self.summary)


class StoppedError(Exception):
    """A search stopped a run early, since other runs did better; this is not an error, and the run can be resumed."""

    def __init__(self, epoch: int, auc: float) -> None:
        self.epoch, self.auc = epoch, auc
        super().__init__(f"stopped after epoch {epoch} with AUC {auc:.3f}")


class DivergedError(InputError):
    """Training diverged: the cause is a setting, not the machine or the data."""
