"""How every command ends: done, interrupted, or with one message about what is wrong."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from io import StringIO
from tempfile import gettempdir
from traceback import walk_tb
from typing import NoReturn

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError

from npc.config.messages import config_message
from npc.config.once import composed_once
from npc.config.words import readable
from npc.errors import InputError
from npc.terminal import HELP, say, wrapped

os.environ["HYDRA_FULL_ERROR"] = "1"  # or Hydra would print and exit by itself, with 1
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SHOWN = 100  # characters of a path that is too long
_OF_PATHS = (errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.EROFS)
_OF_CHOICES = (HydraException, OmegaConfBaseException, MarkedYAMLError, UnicodeDecodeError)


@contextmanager
def one_message() -> Iterator[None]:
    """Ends the process with exit code 2 and one message on bad input, with 130 when interrupted.

    Within a job of a multirun bad input is reported and raised again: Hydra runs the other jobs before it ends.

    `NPC_DEBUG=1` shows the traceback instead. Any other error is a defect of npc and keeps its traceback.
    """
    if os.environ.get("NPC_DEBUG") == "1":
        yield
        return
    job = _multirun_job()
    if job:
        print(job)
    try:
        yield
    except InputError as error:
        if job:
            say(f"npc: {job}: {error}", error=True)
            raise InputError(f"{job}: {error}") from error
        _end(str(error), 2)
    except _OF_CHOICES as error:  # before OSError, which Hydra's exception for a missing config is, too
        _end(config_message(error, sys.argv[1:]), 2)
    except OSError as error:
        if error.errno in _OF_PATHS:
            path = str(error.filename)
            path = path if len(path) <= _SHOWN else f"{path[:_SHOWN]}..."
            _end(f"{path}: {error.strerror}; correct the path, or what may be read and written there", 2)
        if error.errno not in _DISK_FULL:
            raise
        where = (
            f" while writing {error.filename}"
            if error.filename
            else f" in one of the folders runs, store, reports and {gettempdir()} (`df` shows which)"
        )
        _end(f"no space left{where}; free some space and give the same command again: it resumes where it stopped", 2)
    except KeyboardInterrupt:
        _end("interrupted; the same command resumes where it stopped", 130)
    except Exception as error:
        if _arose_while_composing(error):
            _end(config_message(error, sys.argv[1:]), 2)
        raise


@contextmanager
def hydra_words() -> Iterator[None]:
    """Within the block the command line has the form that Hydra can read, and is composed once; for scripts of Hydra.

    Hydra's help, whose lists of choices are long, is printed in lines of at most 80 columns.

    Raises:
        InputError: a word can be read in no way (`npc.config.words.readable`).
    """
    typed = sys.argv
    multirun = any(re.fullmatch(r"--multirun|-[a-z]*m[a-z]*", word) for word in typed[1:])
    sys.argv = [typed[0], *readable(typed[1:], multirun)]
    printed = StringIO()
    try:
        with composed_once(), redirect_stdout(printed) if {"--help", "-h"} & set(typed) else nullcontext():
            yield
    finally:
        sys.argv = typed
        print(wrapped(printed.getvalue(), HELP), end="")


def _multirun_job() -> str:
    """The number and choices of the job of a multirun that Hydra is running; empty where it runs none."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return ""  # also once the jobs are over
    return f"job {HydraConfig.get().job.num}: {' '.join(HydraConfig.get().overrides.task)}"


def _arose_while_composing(error: Exception) -> bool:
    """Whether Hydra raised an error before a job began; it raises those of jobs in `return_value`."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    modules = {frame.f_globals.get("__name__", "") for frame in frames}
    of_a_job = any(frame.f_code.co_name == "return_value" for frame in frames)
    return not of_a_job and not any(name.startswith("npc.") for name in modules - {__name__, composed_once.__module__})


def _end(message: str, code: int) -> NoReturn:
    say(f"npc: {message}", error=True)
    sys.exit(code)
