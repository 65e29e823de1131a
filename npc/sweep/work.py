"""One run of a sweep, in a process of its own, and the record of it where it fails."""

import json
import logging
import socket
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from npc import config, methods
from npc.errors import InputError
from npc.files import write_text
from npc.run_folder import BusyError

DONE, FAILED, REFUSED, BUSY, INTERRUPTED = 0, 1, 2, 75, 130  # exit codes; a refused run would be refused again


@dataclass(frozen=True)
class Failure:
    """Why a run failed, the last time that it was tried.

    Attributes:
        reason: a line.
        where: the machine.
        when: ISO 8601, local time with offset.
        attempts: how often it was tried in vain, since it last succeeded.
        details: the traceback, or nothing.
    """

    reason: str
    where: str
    when: str
    attempts: int
    details: str = ""


def failure(folder: Path) -> Failure | None:
    """What is recorded of a run's failure; None where nothing is."""
    try:
        return Failure(**json.loads(_record(folder).read_text()))
    except FileNotFoundError:
        return None


def record(folder: Path, reason: str, details: str = "") -> None:
    """Writes beside the run folder why the run failed; the folder itself may be thrown away by the next attempt."""
    before = failure(folder)
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    told = Failure(reason, socket.gethostname(), now, before.attempts + 1 if before else 1, details)
    write_text(_record(folder), json.dumps(asdict(told), indent=2) + "\n")


def forget(folder: Path) -> None:
    """The run has succeeded."""
    _record(folder).unlink(missing_ok=True)


def _record(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.failed.json")


def work(overrides: Sequence[str]) -> int:
    """Makes a run in this process.

    Returns:
        an exit code of this module.
    """
    choices = config.compose(overrides)
    folder = config.run_folder(choices)
    try:
        methods.train(choices)
    except BusyError:
        return BUSY
    except InputError as error:
        record(folder, str(error))
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        logging.getLogger("npc").error("failed", exc_info=True)
        reason = "out of memory" if _is_out_of_memory(error) else f"{type(error).__name__}: {error}"
        record(folder, reason, traceback.format_exc())
        return FAILED
    forget(folder)
    return DONE


def _is_out_of_memory(error: Exception) -> bool:
    """Of the machine or of a device."""
    torch = sys.modules.get("torch")
    return isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError))
