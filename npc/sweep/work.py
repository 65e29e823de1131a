"""One run of a sweep, in a process of its own, and the record of it where it fails."""

import json
import socket
import sys
import traceback
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from omegaconf import DictConfig

from npc import config
from npc.errors import DivergedError, InputError, StoppedError
from npc.files import write_text
from npc.run.folder import BusyError
from npc.run.method import ShouldPrune
from npc.run.train import train

# Exit codes. What was refused, or diverged, would be so again; what diverged says nothing of the machine.
DONE, FAILED, REFUSED, DIVERGED, STOPPED, BUSY, INTERRUPTED = 0, 1, 2, 3, 4, 75, 130


@dataclass(frozen=True)
class Failure:
    """Why a run failed, the last time that it was tried.

    Attributes:
        reason: a line or more.
        where: the machine.
        when: ISO 8601, local time with offset.
        attempts: how often it was tried in vain.
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
    """Writes why a run failed: beside its folder, which the next attempt may throw away."""
    before = failure(folder)
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    told = Failure(reason, socket.gethostname(), now, before.attempts + 1 if before else 1, details)
    write_text(_record(folder), json.dumps(asdict(told), indent=2) + "\n")


def _record(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.failed.json")


def stopped(folder: Path) -> bool:
    """Whether a search has taken the run off before its end."""
    return _stop(folder).exists()


def _stop(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.stopped.json")


def work(choices: DictConfig, should_prune: ShouldPrune | None = None) -> int:
    """Makes a run in this process.

    Args:
        choices: of `train.py`, composed.
        should_prune: of a search that stops poor runs early.

    Returns:
        an exit code of this module.
    """
    folder = config.run_folder(choices)
    try:
        train(config.checked(choices), should_prune)
    except BusyError:
        return BUSY
    except StoppedError as told:
        write_text(_stop(folder), json.dumps({"epoch": told.epoch, "auc": told.auc}) + "\n")
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
    """Of the machine or of a device."""
    torch = sys.modules.get("torch")
    return isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError))
