"""Errors that end a command with a message: faults of the input, reported all at once."""

from collections.abc import Iterable, Sequence


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
        return "\n".join([f"{head}:", *(f"  - {fault}" for fault in self.faults)])

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
