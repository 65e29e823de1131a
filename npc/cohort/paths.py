"""Paths in a cohort's table: relative, inside of the cohort's folder, and there.

Each question passes what an earlier one has told already, so that a path has one fault.
"""

from pathlib import Path, PureWindowsPath


def is_relative(text: str) -> bool:
    """Whether the path is relative, on Windows too."""
    return not (text.startswith("/") or PureWindowsPath(text).drive)


def is_inside(home: Path, text: str) -> bool:
    """Whether the path, and all in a folder of it, stays in `home` (resolved), symbolic links included."""
    if not is_relative(text):
        return True
    try:
        path = (home / text).resolve()
        within = [path, *(file.resolve() for file in path.iterdir())] if path.is_dir() else [path]
        return all(file.is_relative_to(home) for file in within)
    except (OSError, RuntimeError, ValueError):  # a circle of links, a null byte: there is no such file
        return True


def exists(home: Path, text: str) -> bool:
    """Whether there is a file or folder of that name in `home`."""
    if not is_relative(text) or not is_inside(home, text):
        return True
    try:
        return (home / text).exists()
    except (OSError, RuntimeError, ValueError):
        return False


def is_usable(home: Path, text: str | None) -> bool:
    """Whether the path can be read at all: none of the faults above."""
    return text is not None and is_relative(text) and is_inside(home, text) and exists(home, text)
