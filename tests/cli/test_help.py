"""Every command's help has an example and fits a terminal of 80 columns; shells complete the commands."""

from collections.abc import Iterator

import pytest
import typer

from npc.cli import app
from tests.commands import run_here


def commands(of: object, *words: str) -> Iterator[list[str]]:
    yield list(words)
    for name, command in getattr(of, "commands", {}).items():
        yield from commands(command, *words, name)


@pytest.mark.parametrize("words", [*commands(typer.main.get_command(app))], ids=" ".join)
def test_each_help_has_an_example_and_fits_80_columns(words: list[str]):
    shown = run_here("npc", *words, "--help")
    assert shown.returncode == 0
    assert "Example" in shown.stdout
    assert [line for line in shown.stdout.splitlines() if len(line) > 80] == []


def test_the_shell_completes_commands(npc, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("_NPC_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "npc cohort ")
    monkeypatch.setenv("COMP_CWORD", "2")
    _, found, _ = npc()
    assert {"check", "look", "flow", "phantom"} <= set(found.split())
