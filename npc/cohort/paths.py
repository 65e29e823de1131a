"""Checks of the paths in a cohort's table: relative, inside the cohort's folder, and existing.

Each check accepts a path that an earlier check refuses, so that a path has one fault only.
"""

from pathlib import Path, PureWindowsPath


def with_slashes(home: Path, text: str | None) -> str | None:
    r"""The path with `/` in place of the `\` that a table made on Windows has.

    It is unchanged where it is not relative, which `is_relative` refuses, and where a file has that very name, as
    unpacking an archive of Windows may leave it.
    """
    if text is None or "\\" not in text or not is_relative(text) or exists(home, text):
        return text
    return text.replace("\\", "/")


def is_relative(text: str) -> bool:
    """Whether the path is relative, on Windows too: it has no drive, no network share, and does not begin at a root."""
    return not PureWindowsPath(text).anchor


def is_inside(home: Path, text: str) -> bool:
    """Whether the path, and all in it if a folder, is inside `home` (resolved) after following symbolic links."""
    if not is_relative(text):
        return True
    try:
        path = (home / text).resolve()
        within = [path, *(file.resolve() for file in path.iterdir())] if path.is_dir() else [path]
        return all(file.is_relative_to(home) for file in within)
    except (OSError, RuntimeError, ValueError):  # a cycle of links, a null byte: there is no such file
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
    """Whether the path can be read: it has none of the faults above."""
    return text is not None and is_relative(text) and is_inside(home, text) and exists(home, text)
