"""How every command ends: done, interrupted, or with one message about what is wrong."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError

from npc.config.messages import in_plain_words
from npc.errors import InputError

os.environ["HYDRA_FULL_ERROR"] = "1"  # or Hydra would print and exit by itself, with 1
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def one_message() -> Iterator[None]:
    """Ends the process with exit code 2 and one message on bad input, with 130 when interrupted.

    Within a job of a multirun bad input is reported and raised again: Hydra runs the other jobs before it ends.

    `NPC_DEBUG=1` shows the traceback instead. Any other error is a defect of npc and keeps its traceback.
    """
    if os.environ.get("NPC_DEBUG") == "1":
        yield
        return
    try:
        yield
    except InputError as error:
        if _in_multirun_job():
            print(f"npc: {error}", file=sys.stderr)
            raise
        _end(str(error), 2)
    except (HydraException, OmegaConfBaseException) as error:
        _end(_config_message(error), 2)
    except MarkedYAMLError as error:
        _end(_yaml_message(error), 2)
    except UnicodeDecodeError as error:  # of a config: npc's own readers report theirs
        _end(f"a file is not UTF-8 text in the line {_line_around(error)}; save it as UTF-8", 2)
    except ValueError as error:
        if "group override" not in str(error):  # Hydra's own for `experiment=null`
            raise
        given = " ".join(word for word in sys.argv[1:] if word.endswith("=null"))
        _end(f"{given}: {error}; to choose no file of this group, leave it out", 2)
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        where = f" while writing {error.filename}" if error.filename else ""
        _end(f"no space left{where}; free some space and give the same command again: it resumes where it stopped", 2)
    except KeyboardInterrupt:
        _end("interrupted; the same command resumes where it stopped", 130)


def _in_multirun_job() -> bool:
    """Whether Hydra is running a job of a multirun; false once the jobs are over."""
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


def _config_message(error: BaseException) -> str:
    """Hydra's own message without its wrapping, and where to look."""
    texts = [str(error)]
    if error.__cause__ is not None and str(error.__cause__) not in texts[0]:
        texts.append(str(error.__cause__))
    lines = [line.strip() for text in texts for line in text.splitlines()]
    noise = ["full_key:", "object_type=", "reference_type=", "Set the environment variable"]
    if not any("not in struct" in line for line in lines):  # a key can be added to a dictionary only
        noise.append("To append to your config")
    kept = [line for line in lines if line and not line.startswith(tuple(noise))]
    kept = [in_plain_words(line) for line in kept]
    keys = {line.removeprefix("full_key:").strip() for line in lines if line.startswith("full_key:")} - {""}
    kept += [f"at {key}" for key in sorted(keys) if not any(key in line for line in kept)]
    return "\n".join([*kept, "(`--cfg job` shows every choice, `--help` explains them)"])


def _yaml_message(error: MarkedYAMLError) -> str:
    """The parser's own message, and what a config may hold."""
    mark = error.problem_mark or error.context_mark
    place = f"{mark.name}, line {mark.line + 1}: " if mark else ""
    return (
        f"{place}not valid YAML for a config ({error.problem}); indent with spaces, close brackets and quotes, "
        "give each key once and use no tags (!)"
    )


def _line_around(error: UnicodeDecodeError) -> str:
    before, after = error.object[: error.start], error.object[error.start :]
    line = before.rpartition(b"\n")[2] + after.partition(b"\n")[0]
    return ascii(line.decode("latin-1")[:100])


def _end(message: str, code: int) -> NoReturn:
    print(f"npc: {message}", file=sys.stderr)
    sys.exit(code)
