"""At a terminal nothing is wider than it; where there is none, commands print text alone."""

import fcntl
import os
import re
import struct
import termios
from pathlib import Path
from threading import Thread

import pytest

from npc.terminal import wrapped
from tests.commands import run_here

SMALL = ("cohort.n=24", "cohort.external=8", "cohort.matrix=32")
STYLE = re.compile(r"\x1b\[[0-9;]*m")


def at_terminal(monkeypatch: pytest.MonkeyPatch, *words: object, columns: int = 80) -> list[str]:
    """The lines that `npc` prints at a terminal, with its codes for colours."""
    terminal, side = os.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    parts: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(terminal, 4096):
                parts.append(part)
        except OSError:  # the other side was closed
            pass

    reader = Thread(target=read)
    reader.start()
    monkeypatch.setenv("TERM", "xterm-256color")
    with open(side, "w") as shown:
        run_here("npc", *words, columns=columns, shown=shown)
    reader.join()
    os.close(terminal)
    return b"".join(parts).decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize(
    "words",
    [
        ("audit",),
        ("cohort", "check", *SMALL, "cohort.root=phantoms"),
        ("cohort", "check", "cohort=table", "cohort.root=DIR"),
        ("sweep", "list", "sweeps/smoke.yaml"),
        ("sweep", "status", "sweeps/smoke.yaml", "runs=none"),
        ("plan", "development", "--parameters", 9, "--events", 0.39, "--auc", 0.75),
        ("train", "sequence=none", "optimizer.lr=-1"),
    ],
    ids=lambda words: " ".join(map(str, words[:2])),
)
def test_nothing_is_wider_than_the_terminal(words: tuple, home: Path, monkeypatch: pytest.MonkeyPatch):
    words = tuple(str(word).replace("=phantoms", f"={home / 'phantoms'}") for word in words)
    lines = [STYLE.sub("", line.rpartition("\r")[2]) for line in at_terminal(monkeypatch, *words)]
    assert len(lines) > 1
    # a path alone in its line is left whole
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


def test_colours_need_a_terminal_and_no_color_turns_them_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    words = ("cohort", "check", "cohort=table", f"cohort.root={tmp_path}")
    (tmp_path / "patients.csv").write_text("patient_id,centre\nP1,A\n")
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    assert coloured.search("\n".join(at_terminal(monkeypatch, *words)))
    assert "\x1b" not in run_here("npc", *words).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured.search("\n".join(at_terminal(monkeypatch, *words)))


def test_without_a_terminal_there_is_no_progress_bar(tmp_path: Path):
    done = run_here("npc", "cohort", "phantom", tmp_path / "new", "--n", 8, "--external", 2, "--matrix", 16, "--json")
    assert done.stdout.count("\n") == 1


def test_lines_end_between_words():
    path = "/data/" + "x" * 90
    assert wrapped(f"written to {path}", 80) == f"written to\n  {path}"
    assert wrapped("  - " + "word " * 30, 40).splitlines()[1].startswith("    word")
    assert wrapped("short\nlines", 80) == "short\nlines"
