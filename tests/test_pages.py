"""The commands of the pages of docs/ that have no test of their own: they work as they are written."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
import torchvision
from omegaconf import OmegaConf

from npc.config.loading import CONFIGS
from tests.commands import ROOT, run_here

pytestmark = pytest.mark.usefixtures("coarse")
FEW = ["radiomics.features.filters=[original]", "radiomics.features.classes=[firstorder]"]
SMALL = ["cohort.n=60", "cohort.matrix=32", "trainer.max_epochs=1"]
# pages whose commands other files run, and how many commands they run: whoever adds a command sees to its test, too
ELSEWHERE = {
    "handing_over": ("bundle/test_handing_over.py", 8), "intended_use": ("test_how_to.py", 2),
    "new_endpoint": ("test_how_to.py", 5), "new_network": ("test_how_to.py", 3),
    "own_hospital": ("test_own_hospital.py", 13),
}  # fmt: skip
# minutes to hours: tests/test_benchmarks.py and tests/sweep/test_slurm.py have their parts
LONG = ("benchmarks/", "--backend slurm", "--devices", ".ci/slurm")


def commands(page: Path) -> list[str]:
    return "".join(re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)).splitlines()


def of(name: str) -> list[str]:
    """Those of a page that are not in the README, too, whose commands another test runs."""
    known = [sorted(shlex.split(line)) for line in commands(ROOT / "README.md")]
    return [line for line in commands(ROOT / "docs" / f"{name}.md") if sorted(shlex.split(line)) not in known]


def run(command: str, *more: str):
    first, *words = shlex.split(command)
    if first.endswith("python"):
        first, *words = words
    return run_here(Path(first).name, *words, *more)


def test_every_command_of_every_page_has_a_test():
    here = {"cohort", "networks", "frozen", "commands", "study"}
    for page in (ROOT / "docs").glob("*.md"):
        left = [line for line in of(page.stem) if not any(part in line for part in LONG)]
        assert page.stem in {*here, *ELSEWHERE} or not left, f"{page.name}: {left}"
    for name, (file, count) in ELSEWHERE.items():
        assert f'"{name}' in (ROOT / "tests" / file).read_text(), f"{file} does not read {name}.md"
        assert len(commands(ROOT / "docs" / f"{name}.md")) == count, f"see that {file} runs all commands of {name}.md"


@pytest.fixture(scope="module")
def cohort(drawn: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the columns that the paper's criteria read."""
    root, home = drawn(n=40, external=12, matrix=32, readers=12), tmp_path_factory.mktemp("pages") / "DIR"
    shutil.copytree(root, home, copy_function=os.link)
    (home / "patients.csv").unlink()  # the link, not the phantom's file
    table = pd.read_csv(root / "patients.csv", dtype=str)
    for one in OmegaConf.load(CONFIGS / "criteria" / "paper.yaml").values():
        table[one.column] = table.get(one.column, one.keep[0] if OmegaConf.is_list(one.keep) else "1")
    table.to_csv(home / "patients.csv", index=False)
    return home


@pytest.mark.slow
@pytest.mark.parametrize(
    # tests/run/test_centres.py has those of cohort.sequences, which need more images
    "command",
    [line for line in of("cohort") if re.match(r"npc cohort (look|flow|quality|agr)(?!.*cohort\.sequences)", line)],
)
def test_what_is_looked_at_before_training(command: str, cohort: Path, tmp_path: Path):
    more = [] if " look " in command else ["--reports", str(tmp_path)]
    more += FEW if "agreement" in command else []
    done = run(command.replace("DIR", str(cohort)).replace("look.html", f"{tmp_path}/look.html"), *more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [*tmp_path.iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize("command", [*of("networks"), *of("frozen")])
def test_a_network_or_encoder_of_the_page_trains(command: str, home: Path, tmp_path: Path):
    more = [*SMALL, f"cohort.root={home}/pages", f"store={home}/pages-store", f"runs={tmp_path}"]
    if "=imagenet" in command:  # no download in a test
        torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "weights.pt")
        command = command.replace("=imagenet", f"={tmp_path}/weights.pt")
    if "method=frozen" in command:
        more += ["encoder.model=resnet18", "encoder.input_size=32", "encoder.nested=2"]
        if "encoder=" not in command:
            more.append("encoder.weights=scratch")
        torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "ResNet50.pt")
        command = command.replace("=ResNet50.pt", f"={tmp_path}/ResNet50.pt")
    done = run(command, *more)
    assert done.returncode == 0, done.stderr
    assert [*tmp_path.glob("phantom/*/*/DONE")]


@pytest.mark.slow
def test_the_whole_study_is_planned(cohort: Path, tmp_path: Path):
    (command,) = of("study")
    command = command.replace("DIR", str(cohort)).replace(
        "--grid paper", "--grid smoke"
    )  # 750 runs take minutes to list
    done = run(command, f"runs={tmp_path}", "--reports", str(tmp_path), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("to be made") >= 12


@pytest.mark.parametrize("command", of("commands"))
def test_the_commands_page(command: str, cohort: Path):
    done = run(command.replace("DIR", str(cohort)))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) if "--json" in command else "Usage: npc" in done.stdout
