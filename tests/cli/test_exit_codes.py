"""The exit codes are those that docs/commands.md states."""

import re

from tests.commands import ROOT, run_here

ROWS = re.findall(r"^\| (\d+)[^|]*\|.*\| (?:`npc (.+?)`)? ?\|$", (ROOT / "docs/commands.md").read_text(), re.MULTILINE)


def test_the_examples_end_with_their_exit_codes():
    examples = {int(code): words for code, words in ROWS if words}
    assert set(examples) == {0, 1, 2}
    assert {code: run_here("npc", *words.split()).returncode for code, words in examples.items()} == {0: 0, 1: 1, 2: 2}
