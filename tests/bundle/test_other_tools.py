"""A bundle in the forms of other tools: MONAI's own functions read it, and onnxruntime gives the network's numbers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from monai.bundle import run as run_monai
from monai.bundle import verify_metadata, verify_net_in_out

from npc.bundle.manifest import pack
from npc.bundle.part import Part
from npc.bundle.read import open_bundle
from npc.bundle.risk_network import of_bundle, of_file, onnx
from npc.bundle.write import members
from npc.errors import InputError
from tests.commands import ROOT, run_here
from tests.signature.tiny_runs import FinishedRun

# the rules of MONAI's meta_schema_20240725.json, in short; the file itself would have to be downloaded
_TENSOR = {
    "type": "object",
    "required": ["type", "format", "num_channels", "spatial_shape", "dtype", "value_range"],
    "properties": {"num_channels": {"type": "integer"}, "channel_def": {"type": "object"}},
}
_IO = {"type": "object", "patternProperties": {"^.+$": _TENSOR}}
SCHEMA = {
    "type": "object",
    "required": [
        "schema", "version", "monai_version", "pytorch_version", "numpy_version", "required_packages_version", "task",
        "description", "authors", "copyright", "network_data_format",
    ],
    "properties": {
        **{name: {"type": "string"} for name in ("version", "task", "description", "authors", "copyright")},
        "network_data_format": {"required": ["inputs", "outputs"], "properties": {"inputs": _IO, "outputs": _IO}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def patients(elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two patients as the folder of a challenge."""
    folder = tmp_path_factory.mktemp("challenge")
    for row in pd.read_csv(elsewhere / "patients.csv", dtype=str).head(2).to_dict("records"):
        for name, column in (("cet1", "cet1_image"), ("cet1-outline", "cet1_mask")):
            (folder / "images" / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(elsewhere / row[column], folder / "images" / name / f"{row['patient_id']}.nii.gz")
    return folder


@pytest.mark.slow
def test_monai_reads_the_folder_and_predicts(run: FinishedRun, patients: Path, tmp_path: Path):
    done = run_here("npc", "bundle", run.path, "-o", tmp_path / "m.zip", "--monai", tmp_path / "monai")
    assert done.returncode == 0, done.stderr
    configs = {
        f"{name}_file": str(tmp_path / "monai" / "configs" / f"{file}.json")
        for name, file in (("meta", "metadata"), ("config", "inference"))
    }
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    verify_metadata(meta_file=configs["meta_file"], filepath=tmp_path / "schema.json")
    verify_net_in_out("network_def", **configs, bundle_root=str(tmp_path / "monai"))
    run_monai(
        **configs, bundle_root=str(tmp_path / "monai"), dataset_dir=str(patients), output_dir=str(tmp_path / "out")
    )
    found = {of["patient"]: of["risk"] for of in json.loads((tmp_path / "out" / "predictions.json").read_text())}
    assert len(found) == 2
    assert found == pytest.approx(run.predictions.loc[list(found), "risk"].to_dict(), abs=1e-6)
    words = [f"--{name}={value}" for name, value in configs.items()]
    words += [f"--bundle_root={tmp_path / 'monai'}", f"--dataset_dir={patients}", f"--output_dir={tmp_path / 'typed'}"]
    typed = [sys.executable, "-m", "monai.bundle", "run", *words]
    done = subprocess.run(typed, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = [(tmp_path / name / "predictions.json").read_bytes() for name in ("out", "typed")]
    assert written[0] == written[1]
    weights = torch.load(tmp_path / "monai" / "models" / "model.pt", weights_only=True)
    of_file(str(tmp_path / "m.zip")).load_state_dict(weights)


@pytest.mark.slow
@pytest.mark.parametrize("choices", [(), ("network=filters", "network.size_input=false")])
def test_onnx_gives_the_risks_of_pytorch(choices: tuple[str, ...], trained, tmp_path: Path):
    runtime = pytest.importorskip("onnxruntime", reason="not here: it comes with npc[onnx], as in .ci/run")
    model = tmp_path / "model.npc.zip"
    model.write_bytes(pack(members([trained(*choices).path])[0]))
    file = onnx(of_bundle(open_bundle(model)))
    assert b"npc/" not in file  # no path of this machine
    session = runtime.InferenceSession(file)
    network = of_file(str(model))
    images = np.random.default_rng(0).random((5, 1, 32, 32), dtype=np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(images)).numpy()
    assert session.run(None, {"images": images})[0] == pytest.approx(expected, abs=1e-5)


def test_a_network_that_chooses_its_steps_by_the_image_has_no_onnx(model: Path):
    part = of_bundle(open_bundle(model))
    settings = json.loads(json.dumps(dict(part.settings)))
    settings["members"][0]["network"]["pooled"] = True
    with pytest.raises(InputError, match="leave --onnx out"):
        onnx(Part(settings, part.weights))


def test_a_folder_of_images_gives_json(model: Path, patients: Path, run: FinishedRun, tmp_path: Path):
    """The entry point of the Dockerfile."""
    done = run_here("npc", "challenge", model, "--input", patients, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    (one, _) = json.loads((tmp_path / "predictions.json").read_text())
    assert one["risk"] == pytest.approx(run.predictions.loc[one["patient"], "risk"], abs=1e-6)
    assert set(one) == {"patient", "risk", "group", "absolute", "intervals", "points", "warnings"}


def test_a_folder_without_images_or_outline_has_one_message(model: Path, patients: Path, tmp_path: Path):
    done = run_here("npc", "challenge", model, "--input", tmp_path, "-o", tmp_path)
    assert done.returncode == 2
    assert "no image of cet1; put one folder for each" in done.stderr
    copy = shutil.copytree(patients, tmp_path / "lacking")
    outline = next((copy / "images" / "cet1-outline").iterdir())
    outline.unlink()
    (tmp_path / "predictions.json").write_text("[]")  # of an earlier call
    done = run_here("npc", "challenge", model, "--input", copy, "-o", tmp_path)
    assert done.returncode == 2
    assert "give image and outline the same name" in done.stderr
    assert not (tmp_path / "predictions.json").exists()
    for number in range(40):
        (copy / "images" / "cet1" / f"IM{number:04d}.dcm").touch()
    done = run_here("npc", "challenge", model, "--input", copy, "-o", tmp_path)
    assert done.stderr.count("is no file of") == 1
    assert "(40 faults of this kind: IM0000.dcm; IM0001.dcm; IM0002.dcm; ...)" in done.stderr


def test_the_faults_of_all_patients_are_reported_at_once(model: Path, patients: Path, tmp_path: Path):
    copy = shutil.copytree(patients, tmp_path / "broken")
    files = sorted((copy / "images" / "cet1-outline").iterdir())
    for file in files:
        file.write_bytes(file.read_bytes()[:-40])
    done = run_here("npc", "challenge", model, "--input", copy, "-o", tmp_path)
    assert done.returncode == 2
    assert "2 faults:" in done.stderr
    assert all(f"- {file.name.removesuffix('.nii.gz')}: " in done.stderr for file in files)
    assert not (tmp_path / "predictions.json").exists()


@pytest.fixture
def one(patients: Path, tmp_path: Path) -> Path:
    """A single patient, whose image and outline have names of their own."""
    for name in ("cet1", "cet1-outline"):
        path = min((patients / "images" / name).iterdir())
        (tmp_path / "one" / "images" / name).mkdir(parents=True)
        shutil.copy(path, tmp_path / "one" / "images" / name / f"{name}.nii.gz")
    return tmp_path / "one"


def test_of_a_single_patient_the_names_may_differ(model: Path, patients: Path, one: Path, tmp_path: Path):
    done = run_here("npc", "challenge", model, "--input", one, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads((tmp_path / "predictions.json").read_text())
    run_here("npc", "challenge", model, "--input", patients, "-o", tmp_path)
    assert found["risk"] == json.loads((tmp_path / "predictions.json").read_text())[0]["risk"]


def test_a_folder_with_doubtful_files_has_a_message_for_each(model: Path, one: Path, tmp_path: Path):
    outlines = one / "images" / "cet1-outline"
    (outlines / "cet1-outline.nii.gz").unlink()
    (one / "images" / "cet1" / "._cet1.nii.gz").touch()
    done = run_here("npc", "challenge", model, "--input", one, "-o", tmp_path)
    assert (done.returncode, "cet1-outline: no file of cet1" in done.stderr) == (2, True)
    for name in ("other.nii.gz", "other.nrrd", "P3.tiff"):
        (outlines / name).touch()
    (one / "images" / "cet1" / "P4").mkdir()
    (one / "images" / "cet1" / "P4.json").touch()  # a sidecar
    (one / "images" / "CET1-outline").mkdir()
    (one / "clinical.json").write_text('{"cet1": 54, "P9": {"age": 3}}')
    done = run_here("npc", "challenge", model, "--input", one, "-o", tmp_path)
    assert done.returncode == 2
    for words in (
        "note: not read: CET1-outline; the model reads cet1, cet1-outline",
        "cet1-outline/P3.tiff: is no file of .nii, .nii.gz, .nrrd, .mha; convert it, or take it away",
        "cet1/P4: is no file of",
        "has the same name; leave one",
        "no image of P9",
        "cet1 is 54; write its variables",
    ):
        assert words in done.stderr
