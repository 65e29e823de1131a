"""Several regions of one label map: runs of both methods, who is left out, and what is refused."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch
from omegaconf import OmegaConf

import npc
from npc.bundle.write import check_regions
from npc.errors import InputError
from npc.phantom import source as phantom
from npc.prognosis.controls import Controls, controls
from npc.prognosis.runs import read_run
from tests.bundle.handed_over import handed_over
from tests.commands import ROOT, run_here

PAGE = (ROOT / "docs" / "cohort.md").read_text()
ROIS = ("+cohort.rois.tumour=1", "+cohort.rois.node=2")
WITHOUT_NODE = 8
QUICK = (
    "radiomics.features.filters=[original]", "radiomics.features.classes=[firstorder]", "radiomics.bootstrap=0",
    "radiomics.nested=2", "radiomics.repeats=1", "split.validation=0.2",
)  # fmt: skip
TINY = ("network=tiny", "preprocess.size=32", "split.validation=0.4", "trainer=cpu", "trainer.max_epochs=1")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """The first patients have no node; nor has the second outline of the first of the others."""
    root = tmp_path_factory.mktemp("regions") / "cohort"
    phantom.write(root, seed=11, n=40, external=12, matrix=32, signal=1.0, readers=12)
    table = pd.read_csv(root / "patients.csv", dtype=str)
    for place, row in enumerate(table.itertuples()):
        for column in [name for name in table if name.startswith("cet1_mask")]:
            again_without = column != "cet1_mask" and place == WITHOUT_NODE
            if place >= WITHOUT_NODE and not again_without and isinstance(getattr(row, column), str):
                _add_node(root / getattr(row, column))
    return root


def _add_node(path: Path) -> None:
    image = sitk.ReadImage(str(path))
    labels = sitk.GetArrayFromImage(image).astype(np.uint8)
    z = int(labels.sum(axis=(1, 2)).argmax())
    corner = labels[z, 2:8, 2:8]
    corner[corner == 0] = 2
    drawn = sitk.GetImageFromArray(labels)
    drawn.CopyInformation(image)
    sitk.WriteImage(drawn, str(path))


def words(home: Path, *more: str) -> list[str]:
    place = [f"cohort.root={home}", f"runs={home.parent}/runs", f"store={home.parent}/store"]
    return ["cohort=table", "cohort.name=ours", *place, *more]


def the_run(home: Path, variant: str, method: str) -> Path:
    done = [path.parent for path in (home.parent / "runs" / "ours" / variant).glob("*/DONE")]
    (found,) = [path for path in done if OmegaConf.load(path / "config.yaml").method == method]
    return found


def assert_handed_over(run: Path, home: Path) -> None:
    """Another folder of the same patients, without the column of the outcome's split, gets the same risks."""
    found = handed_over(run, "cohort=table", f"cohort.root={home}", *ROIS, f"store={home.parent}/store")["risk"]
    before = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")["risk"]
    np.testing.assert_allclose(found[before.index], before, rtol=1e-6)


def assert_a_patient_without_tumour_is_refused(run: Path, home: Path, tmp_path: Path) -> None:
    """By paths as in a cohort: no figure is made up for the region by which slices are chosen."""
    image, mask = files(home)[WITHOUT_NODE]
    outline = sitk.ReadImage(str(home / mask))
    sitk.WriteImage(sitk.Mask(outline, outline == 2), str(tmp_path / "node.nii.gz"))
    with pytest.raises(InputError, match=r"no tumour \(1\) in the outline on cet1; the model cannot do without it"):
        npc.load(run).predict(home / image, tmp_path / "node.nii.gz")


def files(home: Path) -> list[tuple[str, str]]:
    table = pd.read_csv(home / "patients.csv", dtype=str).sort_values("patient_id")
    return list(zip(table["cet1_image"], table["cet1_mask"], strict=True))


@pytest.fixture(scope="module")
def radiomic(home):
    ended = run_here("train.py", *words(home, *ROIS, "region=tumour+node", "method=radiomic", *QUICK))
    assert ended.returncode == 0, ended.stderr
    return ended


@pytest.mark.slow
def test_radiomic_features_of_both_regions_are_one_signature(radiomic, home, tmp_path):
    assert f"{WITHOUT_NODE} of 40 patients have no node" in radiomic.stderr
    run = the_run(home, "cet1@tumour+node-max", "radiomic")
    names = set(pd.read_csv(run / "selection.csv")["feature"])
    assert "node_cet1_present" in names
    assert {name.split("_cet1_")[0] for name in names} == {"tumour", "node"}
    predictions = pd.read_csv(run / "predictions.csv")
    assert len(predictions) == 40
    assert predictions["risk"].between(0, 1).all()
    assert_handed_over(run, home)
    assert_a_patient_without_tumour_is_refused(run, home, tmp_path)


@pytest.mark.slow
def test_check_and_a_run_of_the_node_leave_out_the_same_patients(home):
    told = f"{WITHOUT_NODE} of 40 patients have no node and are left out"
    checked = run_here("npc", "cohort", "check", "--json", *words(home, *ROIS, "region=node"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert any(told in warning for warning in json.loads(checked.stdout)["warnings"])
    ended = run_here("train.py", *words(home, *ROIS, "region=node", "method=radiomic", *QUICK))
    assert ended.returncode == 0, ended.stderr
    assert told in ended.stderr
    run = the_run(home, "cet1@node-max", "radiomic")
    excluded = pd.read_csv(run / "exclusions.csv", dtype=str)
    assert excluded["reason"].tolist() == ["no node on cet1"] * WITHOUT_NODE
    assert not set(excluded["patient_id"]) & set(pd.read_csv(run / "predictions.csv", dtype=str)["patient_id"])


@pytest.mark.slow
def test_the_example_of_the_page_trains_and_its_model_is_handed_over(home):
    (line,) = re.findall(r"^python train.py (.*region=tumour\+node)$", PAGE, re.MULTILINE)
    given = [word for word in shlex.split(line) if "=" in word and word.split("=")[0] not in ("cohort", "cohort.root")]
    ended = run_here("train.py", *words(home, *given, *TINY))
    assert ended.returncode == 0, ended.stderr
    run = the_run(home, "cet1@tumour+node-max", "deep_learning")
    assert_handed_over(run, home)
    (image, mask), model = files(home)[0], npc.load(run)
    with pytest.raises(InputError, match=r"reads the region node; .* as in rois=\{'tumour': 1, 'node': 2\}"):
        model.predict(home / image, home / mask, rois={"tumour": 1})
    one = model.predict(home / image, home / mask).risk
    before = pd.read_csv(run / "predictions.csv", dtype={"patient_id": str}).set_index("patient_id")["risk"]
    assert one == pytest.approx(before.iloc[0], abs=1e-6)
    refused = run_here("npc", "predict", run, "cohort=table", f"cohort.root={home}")
    assert refused.returncode == 2
    assert "needs the regions tumour and node, and the cohort declares no tumour" in refused.stderr
    assert "such as +cohort.rois.tumour=1 +cohort.rois.node=2 (those of the training cohort)" in refused.stderr


@pytest.mark.slow
def test_a_region_that_no_patient_has_is_one_message(home):
    rois = ("+cohort.rois.tumour=1", "+cohort.rois.lung=7")
    for command in (["train.py"], ["npc", "cohort", "check"]):
        ended = run_here(*command, *words(home, *rois, "region=tumour+lung"))
        assert ended.returncode == 2
        told = " ".join((ended.stdout + ended.stderr).split())
        assert told.count("no patient of cohort ours has lung on cet1 (value 7 of the outlines)") == 1, told


@pytest.mark.slow
def test_features_of_an_encoder_stand_side_by_side_with_controls(home, tmp_path):
    choices = ("region=tumour+node", "method=frozen", "encoder=texture", "encoder.size_input=true", "encoder.folds=2",
               "encoder.nested=2", "preprocess.size=32", "split.validation=0.2", "controls=true")  # fmt: skip
    ended = run_here("train.py", *words(home, *ROIS, *choices))
    assert ended.returncode == 0, ended.stderr
    run = the_run(home, "cet1@tumour+node-max", "frozen")
    names = set(torch.load(run / "model.ckpt", weights_only=True)["features"])
    assert {"node_cet1_present", "tumour_cet1_0", "node_cet1_0", "tumour_cet1_log_volume", "node_cet1_log_area"} < names
    assert "tumour_cet1_present" not in names
    sizes = pd.read_csv(run / "outlines.csv").pivot(index="patient_id", columns="region", values="volume")
    assert (sizes["node"] == 0).sum() == WITHOUT_NODE
    assert (sizes["tumour"] > 0).all()
    made = {path.stem: pd.read_csv(path) for path in (run / "controls").glob("*.csv")}
    assert set(made) == {"shape", "shuffled", "redrawn"}
    assert all(len(table) == 40 for table in made.values())
    found = read_run(run)
    beside = controls(found.predictions, found)
    assert isinstance(beside, Controls)
    assert 0 <= beside.volume["train"].auc <= 1
    sizes = found.outlines()
    file = run / "outlines.csv"
    whole = file.read_text()
    pd.read_csv(file).query("region == 'tumour'").drop(columns="region").to_csv(file, index=False)
    assert found.outlines() is None  # the tumour's size is not that of both regions
    again = run_here("train.py", f"refit={run}", "controls=true")
    assert again.returncode == 0, again.stderr
    assert file.read_text() == whole
    pd.testing.assert_frame_equal(found.outlines(), sizes)
    assert_handed_over(run, home)
    assert_a_patient_without_tumour_is_refused(run, home, tmp_path)
    few = replace(found, predictions=found.predictions.assign(split="test"))
    few.predictions.loc[few.predictions.index[: WITHOUT_NODE + 3], "split"] = "train"
    with pytest.raises(InputError, match=r"training patients with an outline: 3 of node; a bundle shows nothing"):
        check_regions(few)
    shutil.copytree(run, tmp_path / "runs" / "ours" / run.parent.name / run.name)  # without the other tests' runs
    place = ("cohort=table", "cohort.name=ours", f"cohort.root={home}", f"runs={tmp_path}/runs")
    report = ("prognosis.optimism=0", f"reports={tmp_path}/reports")
    ended = run_here("evaluate.py", *place, *report)  # it knows the regions from the run
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "reports" / "ours" / "report.html").read_text()
    assert "can't be read" not in page
    assert page.count("data:image") > 40  # the slices of every patient


@pytest.mark.slow
def test_readers_and_hospitals_are_compared_on_one_region(home):
    for command in ("agreement", "quality"):
        told = words(home, *ROIS, "cohort.sequences=[cet1]", *QUICK[:2], "preprocess.size=32")
        ended = run_here("npc", "cohort", command, "--json", "--reports", home.parent, *told, "region=node")
        assert ended.returncode == 0, ended.stderr
        assert f"{WITHOUT_NODE} of 40 patients have no node and are left out" in ended.stderr
        patients = json.loads(ended.stdout)["sequences"]["cet1"]
        if command == "quality":
            assert sum(patients["patients"].values()) == 40 - WITHOUT_NODE
        refused = run_here("npc", "cohort", command, "--reports", home.parent, *told, "region=tumour+node")
        assert refused.returncode == 2
        assert "this command compares one region" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("command", "where"), [("flow", "--reports"), ("look", "--output")])
def test_commands_of_the_cohort_take_named_regions(home, command, where):
    ended = run_here("npc", "cohort", command, *words(home, *ROIS), where, home.parent / f"{command}.html")
    assert ended.returncode == 0, ended.stdout + ended.stderr
