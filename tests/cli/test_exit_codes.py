"""The exit codes are those that docs/commands.md states."""

import re
from pathlib import Path

import pytest

from tests.commands import ROOT, run_here

ROWS = re.findall(r"^\| (\d+)[^|]*\|.*\| (?:`npc (.+?)`)? ?\|$", (ROOT / "docs/commands.md").read_text(), re.MULTILINE)


def test_the_examples_end_with_their_exit_codes():
    examples = {int(code): words for code, words in ROWS if words}
    assert set(examples) == {0, 1, 2}
    assert {code: run_here("npc", *words.split()).returncode for code, words in examples.items()} == {0: 0, 1: 1, 2: 2}


@pytest.mark.parametrize(
    "words",
    [
        "train sequence=cet1 runs={}",
        "train refit={}",
        "cohort check cohort=table cohort.root={}",
        "bundle {} -o model.npc.zip",
        "predict {} cohort=table cohort.root=x",
    ],
)
def test_a_name_that_no_file_system_takes_ends_with_one_message(words: str):
    ended = run_here("npc", *words.format("x" * 300).split())
    assert ended.returncode == 2
    assert re.match(r"npc: x{99}", ended.stderr)


@pytest.mark.parametrize("target", ["", "npc.nothing.read"])
def test_a_source_that_is_not_there_is_no_fault_of_the_table(target: str, tmp_path: Path):
    done = run_here("npc", "cohort", "check", "cohort=table", f"cohort.root={tmp_path}", f"cohort._target_={target}")
    assert done.returncode == 2
    assert done.stderr.startswith(f"npc: cohort._target_: there is no source {target}")
    assert not done.stdout
