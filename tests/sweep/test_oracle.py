"""W&B's own package for sweeps, in an environment of its own: our files are valid, and its grid is our plan.

`sweeps` is archived and wants other versions than npc; it is no dependency.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from npc.sweep.file import read
from tests.sweep.commands import ROOT

SWEEPS = ROOT / "sweeps"
FILES = sorted(SWEEPS.rglob("*.yaml"))
ORACLE = """
import json, sys
import sweeps, yaml
found = {}
for name in sys.argv[1:]:
    with open(name) as file:
        config = sweeps.config.SweepConfig(yaml.safe_load(file))  # raises where the schema is not kept
    runs = [run for run in sweeps.next_runs(config, [], n=1000) if run] if config["method"] == "grid" else []
    found[name] = [{key: choice["value"] for key, choice in run.config.items()} for run in runs]
print(json.dumps(found))
"""
BROKEN = {"method": "grid", "parameters": {"batch_size": {"valuess": [1, 2]}}}


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """Python of the isolated environment."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    home = tmp_path_factory.mktemp("oracle") / "venv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, home], check=True)
    python = home / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "sweeps==0.3.0", "pyyaml"], check=True)
    return python


@pytest.mark.slow
def test_every_file_is_valid_and_its_grid_is_the_plan(python):
    ended = subprocess.run([python, "-c", ORACLE, *FILES], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    for name, cells in json.loads(ended.stdout).items():
        content = yaml.safe_load(Path(name).read_text())
        if content["method"] != "grid":
            continue
        theirs = {tuple(sorted((key, str(value)) for key, value in cell.items())) for cell in cells}
        written = (overrides for _, overrides in read(Path(name)).cells())
        ours = {tuple(sorted(tuple(word.split("=", 1)) for word in overrides)) for overrides in written}
        assert ours == theirs
        # what the paper's notation makes equal W&B's grid takes once, too
        small = {"smoke.yaml": 12, "study_smoke.yaml": 2}
        expected = small.get(Path(name).name) or (80 if "literal" in Path(name).parts else 125)
        assert len(cells) == len(ours) == expected


@pytest.mark.slow
def test_wandb_refuses_an_invalid_file(python, tmp_path):
    """Otherwise its acceptance of the other files would prove nothing."""
    file = tmp_path / "broken.yaml"
    file.write_text(yaml.safe_dump(BROKEN))
    assert subprocess.run([python, "-c", ORACLE, file], capture_output=True).returncode != 0
