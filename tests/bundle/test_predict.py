"""`npc predict`: the training run's numbers for patients without outcome, and one message for what can't be used."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from npc.bundle.folders import predict_folders
from npc.bundle.manifest import pack
from npc.bundle.read import open_bundle
from npc.errors import InputError
from tests.bundle.handed_over import handed_over
from tests.commands import ROOT, run_here
from tests.signature.tiny_runs import FinishedRun, Shared


@pytest.fixture(scope="module")
def words(elsewhere: Path, shared: Shared) -> tuple[str, ...]:
    return "cohort=table", f"cohort.root={elsewhere}", f"store={shared.store}"


@pytest.fixture(scope="module")
def written(model: Path, words: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predicted")
    done = run_here("npc", "predict", model, *words, "-o", folder)
    assert done.returncode == 0, done.stderr
    assert "10 warnings" in done.stderr
    return folder


def table(folder: Path) -> pd.DataFrame:
    read = pd.read_csv(folder / "predictions.csv", dtype={"patient_id": str}, float_precision="round_trip")
    return read.set_index("patient_id")


def test_the_risks_are_those_of_the_training_run(written: Path, run: FinishedRun):
    found, before = table(written), run.predictions
    limits = ["risk_36_low", "risk_36_high"]  # by month 60 there are too few events more
    assert list(found.columns) == ["risk", "group", "risk_36", "risk_60", *limits]
    assert ((found["risk_36_low"] < found["risk_36"]) & (found["risk_36"] < found["risk_36_high"])).all()
    assert set(found.index) == set(before.index)
    assert (found.loc[before.index, "risk"] == before["risk"]).all()
    cutoff = before.loc[before["split"] == "train", "risk"].median()
    assert (found["group"] == np.where(found["risk"] > cutoff, "high risk", "low risk")).all()
    assert ((found["risk_36"] < found["risk_60"]) & (found["risk_36"] > 0) & (found["risk_60"] < 1)).all()


@pytest.mark.slow
def test_another_processor_gives_the_same_to_a_millionth(model: Path, words, run: FinishedRun, tmp_path: Path):
    """One without vector instructions, and one core: the libraries then take other kernels, which round otherwise."""
    older = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}
    code = "import torch; print(torch.backends.cpu.get_cpu_capability()); from npc.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", model, *words, "-o", tmp_path],
        env=os.environ | older | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("DEFAULT\n")
    found, before = table(tmp_path), run.predictions
    assert found.loc[before.index, "risk"].to_numpy() == pytest.approx(before["risk"].to_numpy(), abs=1e-6)


def test_the_folder_says_what_is_unlike_training_and_where_it_comes_from(written: Path, run: FinishedRun):
    assert {path.name for path in written.iterdir()} == {"predictions.csv", "warnings.csv", "provenance.json"}
    told = pd.read_csv(written / "warnings.csv")
    assert list(told.columns) == ["patient_id", "variable", "value", "training", "warning"]
    assert {"ebv_dna", "cet1: volume of the outline (mL)"} <= set(told["variable"])
    provenance = json.loads((written / "provenance.json").read_text())
    assert provenance["run_keys"] == {"deep_learning": run.path.name}
    assert provenance["patients"] == 60


@pytest.mark.slow
@pytest.mark.parametrize(
    "choices",
    [
        ("endpoint=cox", "sequence=both", "slices=three"),
        ("slices=all", "network.size_input=true"),
        ("slices=all", "network=filters", "endpoint=cox"),
        ("endpoint=hazard", "endpoint.intervals=3", "sequence=both", "network.join=mean"),
        ("endpoint=landmark",),
    ],
)
def test_other_networks_give_their_bytes_too(choices: tuple[str, ...], trained, words: tuple[str, ...]):
    other = trained(*choices)
    found, before = handed_over(other.path, *words), other.predictions
    assert (found.loc[before.index, "risk"] == before["risk"]).all()


def test_outcomes_are_ignored_with_a_note(model: Path, elsewhere: Path, shared: Shared, tmp_path: Path, words):
    """Even values that are none."""
    folder = shutil.copytree(elsewhere, tmp_path / "cohort", copy_function=shutil.copyfile)
    rows = pd.read_csv(folder / "patients.csv", dtype=str)
    rows.assign(dm_event="perhaps", dmfs_months="long").head(3).to_csv(folder / "patients.csv", index=False)
    done = run_here("npc", "predict", model, "cohort=table", f"cohort.root={folder}", words[2])
    assert done.returncode == 0, done.stderr
    assert "dm_event, dmfs_months: not read, since a prediction needs no outcome" in done.stderr
    assert len(done.stdout.splitlines()) == 4


def test_one_patient_by_paths(model: Path, elsewhere: Path, run: FinishedRun):
    row = pd.read_csv(elsewhere / "patients.csv", dtype=str).iloc[0]
    image, mask = (elsewhere / row[column] for column in ("cet1_image", "cet1_mask"))
    done = run_here("npc", "predict", model, "--image", image, "--mask", mask, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["predictions"]
    assert found["risk"] == pytest.approx(run.predictions.loc[row["patient_id"], "risk"], abs=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("cohort=table", "cohort.root={root}", "sequence=t2"), "sequence=t2: the model has its own choice"),
        (("cohort=table", "cohort.root={root}", "region=node"), "region=node: the model has its own choice"),
        (("store=elsewhere",), "no cohort: name it, as in cohort=table"),
        ((), "give a cohort"),
        (("cohort=table", "cohort.root={root}", "cohort.sequences=[t2]"), "has no cet1"),
        (("cohort=table", "cohort.root={root}", "+cohort.rois.left=1"), "the model reads tumour, and no named regions"),
        (("cohort=table", "cohort.root={root}/none"), "there is no folder"),
        (("--image", "{root}/none.nii.gz", "--mask", "{root}/none.nii.gz"), "no such file"),
        (("--image", "t2={root}/none.nii.gz"), "the model reads cet1"),
        (("--clinical", "age"), "--clinical age: has no value; write it as in --clinical age=54"),
        (("--clinical", "dm_event=1"), "clinical: the model knows no dm_event; it has none"),
    ],
)
def test_what_does_not_fit_ends_with_one_message(given: tuple[str, ...], message: str, model: Path, elsewhere: Path):
    done = run_here("npc", "predict", model, *(word.format(root=elsewhere) for word in given))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_pages_and_a_missing_sequence(trained, elsewhere: Path, words, tmp_path: Path):
    """A model that was trained with cohort.missing=mask predicts whom another one refuses by name."""
    masked = trained("sequence=cet1+t2", "cohort.missing=mask").path
    folder = shutil.copytree(elsewhere, tmp_path / "cohort", copy_function=shutil.copyfile)
    rows = pd.read_csv(folder / "patients.csv", dtype=str).head(2)
    rows.loc[1, ["t2_image", "t2_mask"]] = ""
    rows.to_csv(folder / "patients.csv", index=False)
    given = ("npc", "predict", masked, "cohort=table", f"cohort.root={folder}", words[2])
    done = run_here(*given)
    assert done.returncode == 2
    assert f"patient {rows.loc[1, 'patient_id']}: no t2 image" in done.stderr
    done = run_here(*given, "cohort.missing=mask", "-o", tmp_path / "out", "--pages")
    assert done.returncode == 0, done.stderr
    assert len(table(tmp_path / "out")) == 2
    pages = [(tmp_path / "out" / "pages" / f"{patient}.html").read_text() for patient in rows["patient_id"]]
    assert "Not given: t2. The network predicts without it." in pages[1]
    assert "Not given" not in pages[0]
    assert all("Probability by month 36" in page and "data:image/png" in page for page in pages)
    assert all(re.search(r"Probability by month 36</td>\s*<td>\d+\.\d%[ <]", page) for page in pages)
    assert not any("http" in page for page in pages)
    lacking, paths = rows.iloc[1], [folder / rows.loc[1, column] for column in ("cet1_image", "cet1_mask")]
    one = run_here("npc", "predict", masked, "--image", f"cet1={paths[0]}", "--mask", f"cet1={paths[1]}", "--json")
    assert one.returncode == 0, one.stderr
    (found,) = json.loads(one.stdout)["predictions"]
    assert found["risk"] == pytest.approx(table(tmp_path / "out").loc[lacking["patient_id"], "risk"], abs=1e-6)
    for name, path in zip(("cet1", "cet1-outline"), paths, strict=True):
        (tmp_path / "in" / "images" / name).mkdir(parents=True)
        shutil.copy(path, tmp_path / "in" / "images" / name / "P.nii.gz")
    (folders,) = predict_folders(masked, tmp_path / "in", tmp_path / "json")
    assert folders["risk"] == pytest.approx(found["risk"], abs=1e-12)
    other = [folder / rows.loc[0, column] for column in ("t2_image", "t2_mask")]
    for name, path in zip(("t2", "t2-outline"), other, strict=True):
        (tmp_path / "in" / "images" / name).mkdir()
        shutil.copy(path, tmp_path / "in" / "images" / name / "Q.nii.gz")
    two = predict_folders(masked, tmp_path / "in", tmp_path / "json")  # not one patient with both sequences
    assert [of["patient"] for of in two] == ["P", "Q"]
    assert two[0]["risk"] == folders["risk"]
    (tmp_path / "in" / "images" / "t2" / "Q.nii.gz").rename(tmp_path / "in" / "images" / "t2" / "other.nii.gz")
    with pytest.raises(InputError) as refused:
        predict_folders(masked, tmp_path / "in", tmp_path / "json")
    assert [fault.split("images/")[1].split(";")[0] for fault in refused.value.faults] == [
        "t2: no file of Q", "t2-outline: no file of other",
    ]  # fmt: skip
    unnamed = run_here("npc", "predict", masked, "--image", paths[0], "--mask", paths[1])
    assert "the model reads cet1, t2; say which one it is, as in cet1=FILE" in unnamed.stderr
    halves = run_here("npc", "predict", masked, "--image", f"cet1={paths[0]}", "--mask", f"t2={paths[1]}")
    assert "give both of one or more of these sequences" in halves.stderr


def test_pages_need_a_folder(model: Path, words: tuple[str, ...]):
    done = run_here("npc", "predict", model, *words, "--pages")
    assert done.returncode == 2
    assert "name one with -o DIR" in done.stderr


def test_a_changed_byte_ends_with_one_message(model: Path, words: tuple[str, ...], tmp_path: Path):
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "changed.zip").write_bytes(content)
    done = run_here("npc", "predict", tmp_path / "changed.zip", *words)
    assert done.returncode == 2
    assert "SHA-256 differs" in done.stderr


def test_an_endpoint_of_another_module_is_not_made(content: dict[str, bytes], elsewhere: Path, words, tmp_path: Path):
    """The classes of a bundle are npc's own, whatever its file names."""
    name = "signatures/deep_learning/settings.json"
    evil = content[name].replace(b"npc.signature.endpoints.Binary", b"os.system")
    assert evil != content[name]
    (tmp_path / "evil.zip").write_bytes(pack(content | {name: evil}))
    done = run_here("npc", "predict", tmp_path / "evil.zip", *words)
    assert done.returncode == 2
    assert "the endpoint os.system is none of npc's" in done.stderr


def test_a_patient_without_the_sequence_is_named_or_excluded(model: Path, elsewhere: Path, words, tmp_path: Path):
    folder = shutil.copytree(elsewhere, tmp_path / "cohort", copy_function=shutil.copyfile)
    rows = pd.read_csv(folder / "patients.csv", dtype=str).head(4)
    rows.loc[1, ["cet1_image", "cet1_mask"]] = ""
    rows.to_csv(folder / "patients.csv", index=False)
    given = ("npc", "predict", model, "cohort=table", f"cohort.root={folder}", words[2])
    done = run_here(*given)
    assert done.returncode == 2
    assert f"patient {rows.loc[1, 'patient_id']}: no cet1 image" in done.stderr
    done = run_here(*given, "cohort.missing=exclude", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "out" / "exclusions.csv")["reason"].tolist() == ["no cet1"]
    assert len(table(tmp_path / "out")) == 3


def test_a_run_folder_stands_in_for_its_bundle(run: FinishedRun, model: Path):
    made, read = open_bundle(run.path), open_bundle(model)
    assert made.formula == read.formula
    assert made.parts == read.parts
