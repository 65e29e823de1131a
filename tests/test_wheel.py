"""The wheel: npc where there is no checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.commands import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the wheel, as in `site-packages`."""
    place = tmp_path_factory.mktemp("wheel")
    uv = shutil.which("uv") or Path(sys.executable).with_name("uv")
    done = subprocess.run([uv, "build", "--wheel", "--out-dir", place, ROOT], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no wheel can be built here: {done.stderr.strip()[-200:]}")
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(place / "site")
    return place / "site"


@pytest.mark.slow
def test_a_wheel_trains_and_lists_sweeps_anywhere(installed: Path, tmp_path: Path):
    assert (installed / "npc" / "home" / "conf" / "train.yaml").exists()

    def npc(*words: str) -> subprocess.CompletedProcess:
        start = "import npc.cli; assert 'site' in npc.cli.__file__; npc.cli.main()"
        return subprocess.run(
            [sys.executable, "-c", start, *words],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(installed)}, capture_output=True, text=True,
        )  # fmt: skip

    done = npc("train", "experiment=tiny", "cohort.n=30", "cohort.external=10")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("runs/phantom/cet1-max/*/DONE"))
    assert "cohort.root" in npc("train", "--help").stdout
    refused = npc("train", "sequence=none")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "no finished run" in npc("evaluate", "runs=nowhere").stderr
