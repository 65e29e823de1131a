"""`npc sweep` as a user types it, on runs that take seconds."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
NPC = Path(sys.executable).with_name("npc")


def sweep_file(path: Path, **values: object) -> Path:
    """A grid over the tiny experiment; a list is varied, another value fixed."""
    parameters = {"experiment": "tiny", "trainer.threads": 1, "trainer.max_epochs": 2, **values}
    choices = {key: {"values" if isinstance(value, list) else "value": value} for key, value in parameters.items()}
    path.write_text(yaml.safe_dump({"program": "train.py", "method": "grid", "parameters": choices}, sort_keys=False))
    return path


def npc(*words: object, cwd: Path = ROOT, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([NPC, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=900, **more)


def started(*words: object, log: Path) -> subprocess.Popen[str]:
    """In a session of its own, as a terminal would have it; what it prints goes to a file."""
    return subprocess.Popen(
        [NPC, *map(str, words)], cwd=ROOT, stdout=log.open("a"), stderr=subprocess.STDOUT, text=True,
        start_new_session=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def finished(runs: Path) -> dict[str, Path]:
    """Complete run folders by key."""
    return {path.parent.name: path.parent for path in runs.rglob("DONE")}
