"""Writing files atomically (a reader finds all of a file or none of it), and making folders."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from npc.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8; as `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` to a temporary file next to `path`, then renames it to `path`.

    A process that is killed leaves the old file or the new one, never a part. The folder is made if necessary.

    Raises:
        InputError: the file can't be written (no space left, no permission).
    """
    # The random part keeps the names of processes on two nodes of a cluster different: their ids may be the same.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} can't be written: {reason}; free some space or choose another folder") from error


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, if necessary.

    Raises:
        InputError: a file has that name, or there is no permission.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} can't be created: {error.strerror}; choose another folder") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Within the block an error of writing names the path: of a full disk the system does not name the file."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
