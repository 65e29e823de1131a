"""One stage of a study: a command, and how to tell that its result is there."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from npc.errors import InputError
from npc.files import make_folder, write_text


@dataclass(frozen=True)
class Stage:
    """A command of npc that makes one part of the study.

    Attributes:
        title: as the user reads it.
        command: its words, without `npc`; called when the stage begins, as it may depend on earlier stages.
        is_made: whether the result is on disk.
        reads: the files that the result depends on and that no run key covers; called like `command`.
        trainings: how many the stage makes, for the estimate of the time left.
        machine: words added to the command that say where it runs and change no result.
    """

    title: str
    command: Callable[[], Sequence[str]]
    is_made: Callable[[], bool]
    reads: Callable[[], Sequence[Path]] = field(default=tuple)
    trainings: int = 1
    machine: Sequence[str] = ()


class Record:
    """Which stages have ended well, with their commands and the state of what they read.

    Args:
        file: JSON; it is made when the first stage ends.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self.ended: dict[str, str] = json.loads(file.read_text())
        except FileNotFoundError:
            self.ended = {}
        except ValueError:
            raise InputError(
                f"{file}: is damaged; delete it, and the stages that it lists are looked at again"
            ) from None

    def is_done(self, stage: Stage) -> bool:
        """Whether the result is there and was made by this command from these files."""
        return stage.is_made() and self.ended.get(stage.title) == _state(stage)

    def add(self, stage: Stage) -> None:
        """Notes that a stage has ended well."""
        self.ended[stage.title] = _state(stage)
        make_folder(self.file.parent)
        write_text(self.file, json.dumps(self.ended, indent=2) + "\n")


def _state(stage: Stage) -> str:
    """A hash of the command, and of size and time of the files."""
    files = [(str(path), status.st_size, status.st_mtime_ns) for path in stage.reads() if (status := path.stat())]
    return hashlib.sha256(json.dumps([list(stage.command()), files]).encode()).hexdigest()[:16]
