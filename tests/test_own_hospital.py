"""The page that leads from a hospital's archive to a cohort: its table, its commands and its source work as shown."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from tests.cohort.sources import trees
from tests.commands import ROOT, run_here
from tests.imaging.dicom_files import write_rtstruct, write_series
from tests.imaging.test_segmentation import write_segmentation

pytestmark = pytest.mark.usefixtures("coarse")

PAGE = (ROOT / "docs" / "own_hospital.md").read_text()


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]


COMMANDS = block("sh").strip().splitlines()
SLOW = "look|quality|agreement"


def tumour(place: int) -> np.ndarray:
    mask = np.zeros((5, 24, 24), np.uint8)
    mask[1:4, 6 + place : 16, 7:17] = 1
    return mask


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's folder with its table continued for more patients, so that training has whom to learn from."""
    home = tmp_path_factory.mktemp("hospital") / "cohort"
    header, *lines = block("csv").strip().splitlines()
    rng = np.random.default_rng(0)
    table = [header]
    for number in range(24):
        line = lines[0 if number % 3 == 0 else 2 if number % 3 == 1 else 1]
        old = line.split(",")[0]
        line = line.replace(old, f"P{number + 1:03d}")
        if number % 12 == 4:  # the event at the other hospital, too
            line = line.replace(",,2018-08-15", ",2016-01-05,2018-08-15")
        table.append(line)
        patient = home / "images" / f"P{number + 1:03d}"
        mask = tumour(number % 4)
        write_series(patient / "cet1", (rng.integers(20, 60, mask.shape) + 100 * mask).astype(np.int16))
        for name, outline in (("cet1_mask", mask), ("cet1_mask_b", np.roll(mask, 1, axis=2))):
            image = sitk.GetImageFromArray(outline)
            image.SetSpacing((1.0, 1.0, 3.0))
            sitk.WriteImage(image, patient / f"{name}.nii.gz")
    (home / "patients.csv").write_text("\n".join(table) + "\n")
    return home


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(line, marks=pytest.mark.slow if re.search("look|quality|agreement", line) else ())
        for line in COMMANDS
    ],
)
def test_every_command_of_the_page_works(command: str, folder: Path, tmp_path: Path):
    words = command.replace("DIR", str(folder)).split()
    if words[0].endswith("python"):
        words = words[1:]
    more = ["cohort.clinical=null", "cohort.sequences=[cet1]", "cohort.size=24"]
    if "train.py" in command:
        more += ["network=tiny", "trainer.max_epochs=1", f"runs={tmp_path}/runs", f"store={tmp_path}/store"]
    elif " look " in command:
        words = [str(tmp_path / word) if word == "look.html" else word for word in words]
    elif "check" not in command:
        more += ["--reports", str(tmp_path)]
    if "agreement" in command:
        more += ["radiomics.features.filters=[original]", "radiomics.features.classes=[shape,firstorder]"]
    done = run_here(Path(words[0]).name, *words[1:], *more)
    assert done.returncode == 0, done.stdout + done.stderr
    if "check" in command:
        assert "24 patients" in done.stdout


def test_a_config_outside_of_the_checkout_is_found_by_every_command(folder: Path, tmp_path: Path):
    own = tmp_path / "configs" / "cohort"
    own.mkdir(parents=True)
    (own / "ours.yaml").write_text(
        block("yaml").replace("/data/ours", str(folder)).replace("512", "24") + "exclude: {P001: moved}\n"
    )
    commands = block("sh", 1).strip().replace("CONFIGS", str(own.parent)).splitlines()
    assert len(commands) == 4
    said = {}
    for command in commands:
        words = shlex.split(command)
        words = words[1:] if words[0].endswith("python") else words
        if not words[0].endswith("npc"):
            words.append(f"runs={tmp_path}/runs")
        if "train.py" in command:
            words.append("--cfg=job")
        said[words[1] if words[0].endswith("npc") else words[0]] = run_here(Path(words[0]).name, *words[1:])
    assert "23 patients" in said["cohort"].stdout
    assert "6 runs" in said["sweep"].stdout
    assert f"root: {folder}" in said["train.py"].stdout
    assert "ours" in said["evaluate.py"].stderr
    for script in ("train.py", "evaluate.py"):
        done = run_here(script, "--config-dir", own.parent, "cohort=ours", "--cfg=job")
        assert f"root: {folder}" in done.stdout


SWEEP = """
program: train.py
method: grid
parameters:
  seed: {values: [0, 1]}
command: ["${env}", "${interpreter}", "${program}", "${args_no_hyphens}"]
"""


@pytest.mark.slow
@pytest.mark.usefixtures("coarse")
def test_runs_and_reports_of_a_config_outside_of_the_checkout(folder: Path, tmp_path: Path):
    own = tmp_path / "configs" / "cohort"
    own.mkdir(parents=True)
    (own / "ours.yaml").write_text(block("yaml").replace("/data/ours", str(folder)).replace("512", "24"))
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    found = [f"hydra.searchpath=[{own.parent}]", "cohort=ours"]
    where = [f"runs={tmp_path}/runs", f"store={tmp_path}/store"]
    quick = ["sequence=cet1", "network=tiny", "trainer.max_epochs=1", "split.validation=0.3"]
    done = run_here("train.py", *found, *where, *quick)
    assert done.returncode == 0, done.stderr
    done = run_here("npc", "sweep", "run", tmp_path / "sweep.yaml", *found, *where, *quick)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "complete: 2 runs are done" in done.stdout  # one of them is that of train.py
    few = ["report.bootstrap=100", "report.permutations=100", "prognosis.repeats=0", "prognosis.optimism=0"]
    done = run_here("evaluate.py", *found, where[0], f"reports={tmp_path}/reports", *few)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "ours" / "report.html").exists()
    assert len(list((tmp_path / "runs" / "ours" / "cet1-max").glob("*/DONE"))) == 2


@pytest.mark.slow
@pytest.mark.parametrize("command", block("sh", 2).strip().splitlines())
def test_every_layout_of_other_projects_is_read(command: str, tmp_path: Path):
    words = shlex.split(command)
    name = words[3].partition("=")[2]
    root = getattr(trees, name)(tmp_path)
    done = run_here("npc", *(word.replace(f"cohort.root={name.upper()}", f"cohort.root={root}") for word in words[1:]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name}: 8 patients" in done.stdout


@pytest.mark.slow
def test_the_table_of_dicom_from_an_archive(tmp_path: Path):
    from npc.cohort.load import load
    from npc.imaging.readers import read_scan
    from tests.config.composed import quickly

    mask = tumour(0)
    for patient, name, write in (("STS_001", "rtstruct", write_rtstruct), ("STS_002", "seg", write_segmentation)):
        home = tmp_path / patient / "T1"
        write_series(home / "series", np.arange(mask.size).reshape(mask.shape).astype(np.int16))
        (home / name).mkdir()
        other = {"Edema": np.roll(mask, 2, axis=2)} if name == "rtstruct" else {}
        write(home / name / "1-1.dcm", {"GTV_Mass": mask, **other}, spacing=(3.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0))
    (tmp_path / "patients.csv").write_text(block("csv", 2))
    words = ["cohort=table", f"cohort.root={tmp_path}", "cohort.sequences=[t1]", "cohort.clinical=null"]
    config = quickly(*words)
    for study in load(config.cohort, config.endpoint, ["t1"]).studies("t1"):
        assert (read_scan(study).mask == mask).all(), study.patient


def test_the_page_shows_every_command_that_reads_a_cohort():
    for name in ("check", "look", "flow", "quality", "agreement"):
        assert any(f"npc cohort {name} " in command for command in COMMANDS)


@pytest.mark.slow
def test_both_tables_of_the_page_are_the_same(tmp_path: Path, folder: Path):
    from npc.cohort.dates import DATES
    from npc.cohort.load import load
    from npc.config.cohort_schema import VariableConfig
    from tests.config.composed import quickly

    read = []
    for number, order in ((0, "year_first"), (1, "day_first")):
        home = shutil.copytree(folder, tmp_path / order)
        (home / "patients.csv").write_text(block("csv", number))
        config = quickly("cohort=table", "cohort.sequences=[cet1]", f"cohort.root={home}", f"cohort.date_order={order}")
        config.cohort.clinical = {"age": VariableConfig(kind="continuous")}
        read.append(load(config.cohort, config.endpoint, ["cet1"]).patients.drop(columns=list(DATES)))
    pd.testing.assert_frame_equal(*read)


def test_the_source_in_the_page_works(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "page_source.py").write_text(block("python"))
    monkeypatch.syspath_prepend(tmp_path)
    home = tmp_path / "ours"
    home.mkdir()
    lines = ["patient_id,centre,dmfs_months,dm_event"]
    for number in range(4):
        patient = f"P{number + 1:03d}"
        lines.append(f"{patient},north,{10 + number},{number % 2}")
        mask = sitk.ReadImage(folder / "images" / patient / "cet1_mask.nii.gz")
        sitk.WriteImage(sitk.Cast(mask, sitk.sitkFloat32) * 100, home / f"{patient}_cet1.nii.gz")
        shutil.copy(folder / "images" / patient / "cet1_mask.nii.gz", home / f"{patient}_cet1_roi.nii.gz")
    (home / "outcome.csv").write_text("\n".join(lines) + "\n")

    import yaml
    from omegaconf import OmegaConf

    from npc.cohort.load import load

    own = {"_target_": "page_source.read", "root": str(home), "missing": "error"}
    config = OmegaConf.create(yaml.safe_load(block("yaml", 1)) | own)
    endpoint = OmegaConf.create({"event": "dm_event", "time": "dmfs_months"})
    cohort = load(config, endpoint, ["cet1"])
    assert list(cohort.patients.index) == ["P001", "P002", "P003", "P004"]
