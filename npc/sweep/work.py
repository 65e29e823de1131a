"""One run of a sweep, in a process of its own, and the record of it where it fails."""

import json
import socket
import sys
import traceback
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from omegaconf import DictConfig

from npc.config.key import run_folder
from npc.config.loading import checked
from npc.errors import DivergedError, InputError, StoppedError
from npc.files import write_text
from npc.run.folder import BusyError
from npc.run.method import ShouldPrune
from npc.run.train import train

# Exit codes. A run that was refused, or diverged, would be so again; divergence is not the machine's fault.
DONE, FAILED, REFUSED, DIVERGED, STOPPED, BUSY, INTERRUPTED = 0, 1, 2, 3, 4, 75, 130


@dataclass(frozen=True)
class Failure:
    """Why the last attempt at a run failed.

    Attributes:
        reason: one line or more.
        where: the machine's name.
        when: ISO 8601, local time with offset.
        attempts: number of failed attempts so far.
        details: the traceback, or empty.
    """

    reason: str
    where: str
    when: str
    attempts: int
    details: str = ""


def failure(folder: Path) -> Failure | None:
    """The recorded failure of a run; None where there is none."""
    try:
        return Failure(**json.loads(_record(folder).read_text()))
    except FileNotFoundError:
        return None


def record(folder: Path, reason: str, details: str = "") -> None:
    """Writes why a run failed, next to its folder, since the next attempt may delete the folder itself."""
    before = failure(folder)
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    failed = Failure(reason, socket.gethostname(), now, before.attempts + 1 if before else 1, details)
    write_text(_record(folder), json.dumps(asdict(failed), indent=2) + "\n")


def _record(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.failed.json")


def stopped(folder: Path) -> bool:
    """Whether a search has stopped the run early."""
    return _stop(folder).exists()


def _stop(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.stopped.json")


def work(choices: DictConfig, should_prune: ShouldPrune | None = None) -> int:
    """Makes a run in this process.

    Args:
        choices: the composed choices of `train.py`.
        should_prune: decides whether to stop the run early, in a search that does so.

    Returns:
        An exit code of this module.
    """
    folder = run_folder(choices)
    try:
        train(checked(choices), should_prune)
    except BusyError:
        return BUSY
    except StoppedError as stop:
        write_text(_stop(folder), json.dumps({"epoch": stop.epoch, "auc": stop.auc}) + "\n")
        return STOPPED
    except InputError as error:
        record(folder, str(error))
        return DIVERGED if isinstance(error, DivergedError) else REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        reason = "out of memory" if _is_out_of_memory(error) else f"{type(error).__name__}: {error}"
        record(folder, reason, traceback.format_exc())
        return FAILED
    for leftover in (_record(folder), _stop(folder)):
        leftover.unlink(missing_ok=True)
    return DONE


def _is_out_of_memory(error: Exception) -> bool:
    """Whether the machine or the device has run out of memory."""
    torch = sys.modules.get("torch")
    return isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError))
