"""Every command of the README but `make test` is run, with few epochs or features where it would take minutes."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT, run_here

BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.strip().splitlines()]
REPORTS = ("flow", "quality", "agreement")
FEW = ["radiomics.features.filters=[original]", "radiomics.features.classes=[shape,firstorder]"]
TRAIN = [command for command in COMMANDS if "train.py" in command]


def run(command: str, *more: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    words = [str(Path(sys.executable).parent / Path(word).name) if word.startswith(".venv/") else word
             for word in shlex.split(command)]  # fmt: skip
    alone = {name: value for name, value in os.environ.items() if name != "LOKY_MAX_CPU_COUNT"}  # as users run it
    return subprocess.run([*words, *more], cwd=cwd, env=alone, capture_output=True, text=True, timeout=900)


def here(command: str, *more: str) -> subprocess.CompletedProcess:
    """A command in this process, for those that need not start anew to be as users run them."""
    script, *words = shlex.split(command.removeprefix(".venv/bin/python "))
    return run_here(Path(script).name, *words, *more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom as a cohort folder, by the README's own command."""
    place = tmp_path_factory.mktemp("readme") / "DIR"
    (command,) = [line for line in COMMANDS if "cohort phantom" in line]
    done = here(command.replace("DIR", str(place)))
    assert done.returncode == 0, done.stderr
    return place


def test_readme_has_the_commands_that_this_file_runs():
    assert {line for line in COMMANDS if line.startswith("make ")} == {"make train", "make test", "make reproduce"}
    assert len(TRAIN) >= 8
    # `make test` is this test suite: it is the one command of the README that no test runs
    known = (
        "make train",
        "make test",
        "make reproduce",
        ".venv/bin/python train.py",
        ".venv/bin/python evaluate.py",
        ".venv/bin/npc",
    )
    assert [line for line in COMMANDS if not line.startswith(known)] == []
    assert {line.split()[2] for line in COMMANDS if "npc cohort" in line} == {"check", "phantom", *REPORTS}


@pytest.mark.slow
def test_check(folder: Path):
    (command,) = [line for line in COMMANDS if "cohort check" in line]
    done = here(command.replace("DIR", str(folder)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 patients" in done.stdout


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("flow", []),
        pytest.param("quality", [], marks=pytest.mark.slow),
        pytest.param("agreement", FEW, marks=pytest.mark.slow),
        pytest.param("agreement", [], marks=pytest.mark.slow, id="agreement of all features"),
    ],
)
def test_reports_of_a_cohort(name: str, more: list[str], folder: Path, tmp_path: Path):
    (command,) = [line for line in COMMANDS if f"cohort {name}" in line]
    done = here(command.replace("DIR", str(folder)), *more, "--reports", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / f"table-{name}" / "results.json").exists()


def test_reproduce_is_the_command_of_the_whole_study():
    """What it does is shown by tests/reproduce."""
    done = run("make --just-print --no-print-directory --old-file=.venv/ready reproduce")
    assert done.stdout.splitlines()[-1] == ".venv/bin/npc reproduce --grid smoke"


def test_doctor():
    assert here(".venv/bin/npc doctor").returncode == 0


def test_audit():
    done = here(".venv/bin/npc audit")
    assert done.returncode == 0, done.stderr
    assert "0.511" in done.stdout


@pytest.mark.slow
def test_sweep(tmp_path: Path):
    more = [f"runs={tmp_path}/runs", f"store={tmp_path}/store"]
    output = {}
    for command in (line for line in COMMANDS if "npc sweep" in line):
        elsewhere = ["--reports", f"{tmp_path}/reports"] if "report" in command else []
        done = run(command, *more, *elsewhere)
        assert done.returncode == 0, done.stdout + done.stderr
        output[command.split()[2]] = done.stdout
    assert "125 runs" in output["list"]
    assert "complete: 12 runs are done" in output["status"]
    assert "AUC of the choice" in output["report"]
    assert (tmp_path / "reports" / "phantom-search" / "report.html").exists()


@pytest.mark.slow
def test_evaluate(tmp_path: Path):
    more = ["cohort.n=80", "cohort.matrix=32", f"cohort.root={tmp_path}/data", f"runs={tmp_path}/runs"]
    done = run(".venv/bin/python train.py sequence=cet1 slices=max folds=2", "network=tiny", "trainer.max_epochs=1",
               f"store={tmp_path}/store", *more)  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = run(".venv/bin/python evaluate.py", f"reports={tmp_path}/reports", *more)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "phantom" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", TRAIN)
def test_train(command: str, folder: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory):
    shared = tmp_path_factory.getbasetemp() / "readme-shared"
    more = ["network=tiny", "trainer.max_epochs=2", f"runs={tmp_path}/runs", f"store={shared}/store"]
    title = "Deep-learning signature"
    if "experiment=filters" in command:
        title = "Ensemble signature"
        more[:1] = ["ensemble.folds=2"]  # the recipe's own network, which is small, too
    if "experiment=texture" in command:
        title = "Frozen-encoder signature"
    if "method=radiomic" in command:
        title = "Radiomic signature"
        more += [*FEW, "radiomics.nested=2", "radiomics.bootstrap=5"]
    if "cohort=table" in command:
        more.append("preprocess.size=32")
    elif "cohort=sts" in command:
        root = Path(ROOT, "../shared/data/sts")
        if not root.exists():
            pytest.skip("real data not here: ../shared/data/sts")
    else:
        more += ["cohort.n=60", "cohort.matrix=32", f"cohort.root={shared}/data"]
    start = run if command == TRAIN[0] else here  # one of them as a process of its own
    done = start(command.replace("DIR", str(folder)), *more)
    import torch

    if "trainer=gpu" in command and not torch.cuda.is_available():
        assert done.returncode == 2
        assert "trainer" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert title in done.stdout


@pytest.mark.slow
def test_make_train_in_a_fresh_clone(tmp_path: Path):
    run(f"git clone --quiet . {tmp_path / 'clone'}")
    # with the packages of this checkout: `.ci/run` itself begins with `make` in a fresh clone, which installs them
    (tmp_path / "clone" / ".venv").symlink_to(Path(sys.prefix))
    done = run("make --old-file=.venv/ready train CHOICES=trainer.max_epochs=2", cwd=tmp_path / "clone")
    assert done.returncode == 0, done.stderr
    assert "oracle" in done.stdout
    assert len(list((tmp_path / "clone" / "runs" / "phantom" / "cet1-max").glob("*/DONE"))) == 1
