"""What a command shows: at a terminal no line is wider than it; elsewhere, text alone and each message on one line."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

Item = TypeVar("Item")
HELP = 80  # columns of a help, as Typer's


def say(*lines: str, error: bool = False) -> None:
    """Prints lines.

    Args:
        lines: a line break in one of them begins a new line.
        error: print to the error stream.
    """
    stream = sys.stderr if error else sys.stdout
    text = "\n".join(lines)
    print(wrapped(text, shutil.get_terminal_size().columns) if stream.isatty() else text, file=stream, flush=True)


def wrapped(text: str, width: int) -> str:
    """The text with lines of at most `width` columns, where no word (such as a path) is longer.

    A line that continues has the indentation of its beginning and two columns more.
    """
    return "\n".join(line if len(line) <= width else _filled(line, width) for line in text.split("\n"))


def _filled(line: str, width: int) -> str:
    margin = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line, width, subsequent_indent=f"{margin}  ", break_long_words=False, break_on_hyphens=False)


def console() -> "Console":
    """For tables and coloured text (no colours with `NO_COLOR`), on the standard output."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


def track(items: Iterable[Item], title: str, total: float | None = None, *, disable: bool = False) -> Iterator[Item]:
    """The items, with a progress bar at a terminal.

    Args:
        items: one after the other.
        title: left of the bar.
        total: number of items, if they have no length.
        disable: show no bar.
    """
    from rich import get_console
    from rich.progress import track as with_bar

    disable = disable or not get_console().is_terminal
    return iter(with_bar(items, title, total, transient=True, disable=disable))
