"""The pages on a new endpoint and a new network, and on the intended use: their commands, files and patches work."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import ROOT, run_here

ENDPOINT, NETWORK, USE = (
    (ROOT / "docs" / f"{name}.md").read_text() for name in ("new_endpoint", "new_network", "intended_use")
)
FEW = {"n": 80, "external": 20, "matrix": 32, "readers": 0}
QUICK = ["network=tiny", "trainer.max_epochs=1"]
# commands of the pages in a checkout with the pages' changes, in one process
EACH = """
import json, runpy, sys
for words in json.loads(sys.argv[1]):
    sys.argv = words
    try:
        runpy.run_path("train.py", run_name="__main__")
    except SystemExit as ended:
        if ended.code:
            raise
"""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def words_of(command: str, **places: Path) -> list[str]:
    for name, place in places.items():
        command = command.replace(name, str(place))
    words = shlex.split(command)
    return words[1:] if words[0].endswith("python") else words


def commands(page: str) -> list[str]:
    return "".join(blocks(page, "sh")).splitlines()


@pytest.fixture
def cohort(drawn: Callable[..., Path]) -> Path:
    return drawn(**FEW)


def store(file: str, where: Path) -> None:
    """Puts a block at the path that its first comment names."""
    path = re.search(r"^# (?:CONFIGS/)?(\S+\.(?:yaml|py))$", file, re.MULTILINE)
    assert path
    (where / path[1]).parent.mkdir(parents=True, exist_ok=True)
    (where / path[1]).write_text(file)


@pytest.mark.parametrize("command", commands(USE))
def test_the_sample_sizes_of_the_page(command: str):
    done = run_here(Path(words_of(command)[0]).name, *words_of(command)[1:])
    assert done.returncode == 0, done.stderr
    if "validation" in command:
        assert float(re.search(r"AUC: ([\d.]+)", done.stdout)[1]) == pytest.approx(0.3, abs=0.03)  # as the page says


@pytest.mark.slow
@pytest.mark.usefixtures("coarse")
def test_another_outcome_of_the_table_needs_no_code(cohort: Path, tmp_path: Path):
    store(blocks(ENDPOINT, "yaml")[0], tmp_path / "configs")
    where = [f"runs={tmp_path}/runs", f"store={tmp_path}/store"]
    few = ["report.bootstrap=100", "report.permutations=100", "prognosis.repeats=0", "prognosis.optimism=0",
           "prognosis.treatment=null"]  # fmt: skip
    more = {"train.py": [*QUICK, *where], "evaluate.py": [where[0], f"reports={tmp_path}/reports", *few]}
    of_page = [command for command in commands(ENDPOINT) if "cohort=table" in command]
    assert len(of_page) == 4
    for command in of_page:
        script, *words = words_of(command, CONFIGS=tmp_path / "configs", DIR=cohort)
        size = [] if "evaluate" in script else ["cohort.size=32"]
        done = run_here(Path(script).name, *words, *more.get(script, []), *size)
        assert done.returncode == 0, done.stderr
    report = tmp_path / "reports" / "table"
    assert "overall survival" in (report / "report.html").read_text()
    table = json.loads((report / "results.json").read_text())
    assert list(table["models"])


@pytest.mark.slow
def test_the_patches_of_the_pages_add_a_loss_and_a_network(tmp_path: Path):
    home = tmp_path / "checkout"
    for name in ("npc", "conf"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "train.py", home)
    for page in (ENDPOINT, NETWORK):
        (patch,) = blocks(page, "diff")
        subprocess.run(["git", "apply", "-"], input=patch, text=True, cwd=home, check=True)
    for file in (blocks(ENDPOINT, "yaml")[1], *blocks(NETWORK, "yaml"), *blocks(NETWORK, "python")):
        store(file, home)
    few = [f"cohort.{name}={value}" for name, value in FEW.items()]
    given = [
        [*words_of(command), "trainer.max_epochs=1", *few, *([] if "network" in command else ["network=tiny"])]
        for command in (*commands(NETWORK), *commands(ENDPOINT))
        if "cohort=table" not in command
    ]
    assert len(given) == 4
    done = subprocess.run(
        [sys.executable, "-c", EACH, json.dumps(given)],
        cwd=home, env=os.environ | {"PYTHONPATH": str(home)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    configs = [path.read_text() for path in (home / "runs").glob("phantom/*/*/config.yaml")]
    assert sum("backbone: mobilenet" in text for text in configs) == 2
    assert sum("kind: focal" in text for text in configs) == 1
    assert len(list((home / "runs").glob("phantom/*/*/DONE"))) == 4
