"""The `npc` command as a user types it."""

import sys
from collections.abc import Callable

import pytest

from npc.cli import main

Npc = Callable[..., tuple[int, str, str]]


@pytest.fixture
def npc(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture) -> Npc:
    """Runs `npc` in this process: exit code, output, and what it said on the error stream."""
    monkeypatch.delenv("NPC_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["npc", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        output, told = capfd.readouterr()
        return ended.value.code or 0, output, told

    return run
