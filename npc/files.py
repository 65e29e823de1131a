"""Writing a file so that a reader finds all of it or none of it, and the folder for it."""

import os
import secrets
from pathlib import Path

from npc.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to a temporary name beside `path`, then rename it to `path`.

    A run that is killed leaves the old file or the new one, never half of one. The folder is made if need be.

    Raises:
        InputError: the file can't be written (no space left, no right to).
    """
    # The random part keeps processes on two nodes of a cluster apart, where process ids may be the same.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} can't be written: {reason}; make room or choose another folder") from error


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, if need be.

    Raises:
        InputError: something else is in the way, or there is no right to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} can't be made: {error.strerror}; choose another folder") from error
