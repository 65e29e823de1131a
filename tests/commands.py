"""The commands as a user types them, without the seconds that a process of its own takes to import torch."""

import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TextIO

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run_here(
    script: str, *words: object, columns: int = 200, shown: TextIO | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `train.py`, `evaluate.py` or `npc` in this process, from the checkout: exit code, output, error stream.

    `shown` receives both streams instead, such as a terminal of `columns`.

    Not for what a test asserts about processes: imports, signals, what libraries print past Python.
    """
    command = [script, *map(str, words)]
    output, error = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(shown or output), redirect_stderr(shown or error):
        patch.delenv("NPC_DEBUG", raising=False)
        patch.setenv("COLUMNS", str(columns))
        patch.chdir(ROOT)
        patch.setattr(sys, "argv", command)
        try:
            if script == "npc":
                from npc.cli import main

                main()
            else:
                runpy.run_path(str(ROOT / script), run_name="__main__")
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
    return subprocess.CompletedProcess(command, code, output.getvalue(), error.getvalue())
