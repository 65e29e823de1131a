"""The wheel: npc where there is no checkout, and as in the container of the Dockerfile."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from npc.bundle.manifest import pack
from npc.bundle.write import members
from tests.commands import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


def instructions(name: str) -> list[str]:
    """Arguments of the Dockerfile's instructions of a name."""
    return [line.partition(" ")[2] for line in DOCKERFILE if line.startswith(f"{name} ")]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the wheel, as in `site-packages`; it is built of the files that the Dockerfile copies."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "npc"
    source.mkdir()
    for names in map(str.split, instructions("COPY")):
        for path in (ROOT / name for name in names[:-1]):
            if path.is_dir():
                shutil.copytree(path, source / names[-1], ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, source / names[-1])
    uv = shutil.which("uv") or Path(sys.executable).with_name("uv")
    done = subprocess.run([uv, "build", "--wheel", "--out-dir", place, source], capture_output=True, text=True)
    if "Failed to fetch" in done.stderr:
        pytest.skip(f"no wheel can be built here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
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
    (run,) = [path.parent for path in tmp_path.glob("runs/phantom/cet1-max/*/DONE")]
    assert "cohort.root" in npc("train", "--help").stdout
    refused = npc("train", "sequence=none")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "no finished run" in npc("evaluate", "runs=nowhere").stderr
    risks = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")["risk"]
    (tmp_path / "model.npc.zip").write_bytes(pack(members([run])[0]))
    (table,) = tmp_path.glob("data/**/*-n30-*/patients.csv")
    for row in pd.read_csv(table, dtype=str).head(2).itertuples():
        for name, file in (("cet1", row.cet1_image), ("cet1-outline", row.cet1_mask)):
            (tmp_path / "input" / "images" / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(table.parent / file, tmp_path / "input" / "images" / name / f"{row.patient_id}.nii.gz")
    # as `docker run -v $PWD/model.npc.zip:/model.npc.zip:ro -v $PWD/input:/input:ro -v $PWD/output:/output npc`
    (entry,), (standard,) = (map(json.loads, instructions(name)) for name in ("ENTRYPOINT", "CMD"))
    assert entry[0] == "npc"
    places = {place: tmp_path / place.lstrip("/") for place in ("/model.npc.zip", "/input", "/output")}
    done = npc(*(str(places.get(word, word)) for word in (*entry[1:], *standard)))
    assert done.returncode == 0, done.stderr
    found = {of["patient"]: of["risk"] for of in json.loads((tmp_path / "output" / "predictions.json").read_text())}
    assert len(found) == 2
    assert found == pytest.approx(risks[list(found)].to_dict(), abs=1e-6)
