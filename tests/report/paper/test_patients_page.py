"""The patients of a report, their images and their maps: what the page shows, and what it says of what is missing."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from npc.cohort.load import load
from npc.config.loading import CONFIGS
from npc.explain.shown import worth_a_map
from npc.explain.wrong import most_wrong
from npc.prognosis.analysis import Analysis, analyse
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from npc.report.kit.figure import COLUMN, drawing
from npc.report.kit.page import write_page
from npc.report.paper import explained_page, patients_page
from npc.report.paper.images import ONE_SLICE, Images, read_images
from tests.prognosis.run_folders import predictions, write_run

pytestmark = pytest.mark.slow

QUICK = ["report.bootstrap=100", "report.permutations=100", "prognosis.repeats=0", "prognosis.optimism=0",
         "prognosis.treatment=null"]  # fmt: skip
CONFIG = """
method: deep_learning
sequence: both
slices: max
preprocess: {size: 32, crop: none, margin: 0.1, equalise: true}
"""


@pytest.fixture(scope="module")
def analysis(drawn: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Of one run on the 36 patients of a phantom."""
    home, root = tmp_path_factory.mktemp("patients"), drawn(seed=1, n=36, external=12, matrix=32, readers=0)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        choices = compose("evaluate", [*QUICK, "cohort=table", f"cohort.root={root}", "cohort.name=ours"])
    cohort = load(choices.cohort, choices.endpoint, sequences=[])
    split = np.where(cohort.patients["centre"] == "hospital_2", "test", "train").astype(object)
    split[np.flatnonzero(split == "train")[::3]] = "validation"
    outcome = {"label": cohort.patients["dm_event"], "time": cohort.patients["dmfs_months"]}
    table = cohort.patients.assign(split=split, event=outcome["label"], **outcome)
    write_run(home / "runs", predictions(table), variant="both-max", config=CONFIG)
    runs, unfinished = finished_runs(home / "runs", "ours")
    return analyse(cohort, choose(runs), unfinished, choices)


@pytest.fixture(scope="module")
def images(analysis: Analysis) -> Images:
    return read_images(analysis)


def changed(analysis: Analysis, *changes: tuple[str, object]) -> Analysis:
    """With other choices of the report."""
    choices = analysis.choices.copy()
    for key, value in changes:
        choices[key.split(".")[0]][key.split(".")[1]] = value
    return replace(analysis, choices=choices)


def test_table_1_counts_each_image_once(analysis, images):
    table = patients_page.acquisition(analysis, images)
    assert list(table.columns[:4]) == ["Scanner", "N", "Sequence", "TR (ms)"]
    assert table.assign(N=table["N"].astype(int)).groupby("Sequence")["N"].sum().to_dict() == {"CET1-w": 36, "T2-w": 36}


def test_each_patient_has_a_row_and_a_panel(analysis, images, tmp_path):
    listed = patients_page.patients(analysis, images).listings["Each patient"]
    risk = analysis.choice.lead.predictions["risk"]
    assert dict(zip(listed["Patient"], listed["Deep-learning signature"], strict=True)) == {
        patient: f"{value:.3f}" for patient, value in risk.items()
    }
    assert set(listed["Cohort"]) == {"Training", "Internal validation", "External test"}
    shown = patients_page.pictures(analysis, images, tmp_path)
    assert [panel.name for panel in shown.panels] == list(listed["Patient"])
    assert [caption.partition(",")[0] for caption in shown.panels[0].images] == ["CET1-w", "T2-w"]
    (_, anatomy), (_, given) = next(iter(shown.panels[0].images.values()))
    sides = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape[0] for jpeg in (anatomy, given)]
    assert sides == [ONE_SLICE, 32]
    assert any("npc cohort quality" in sentence for sentence in shown.text)


def test_the_page_can_leave_the_patients_out(analysis, images, tmp_path):
    kept = changed(analysis, ("report.patients", False))
    sections = [patients_page.patients(kept, images), patients_page.pictures(kept, images, tmp_path)]
    sections += explained_page.sections(kept, tmp_path)
    write_page(tmp_path / "report.html", "Title", sections)
    page = (tmp_path / "report.html").read_text()
    assert "Table 1" in page
    assert not any(patient in page for patient in analysis.followed.index)


def test_absent_images_are_a_sentence(analysis, tmp_path):
    shutil.copy(Path(analysis.choices.cohort.root) / "patients.csv", tmp_path)
    elsewhere = changed(analysis, ("cohort.root", str(tmp_path)))
    images = read_images(elsewhere)
    shown = patients_page.patients(elsewhere, images)
    assert any("npc cohort check says why" in sentence for sentence in shown.text)
    assert list(shown.tables) == ["Characteristics of the patients (Table 2)"]
    assert len(shown.listings["Each patient"]) == 36
    assert patients_page.pictures(elsewhere, images, tmp_path).panels == []


def test_the_consistency_is_that_of_the_report_beside(analysis, images, tmp_path):
    of = {"at_or_above": 20, "share": 0.8333, "median": 0.91, "lowest": 0.5, "highest": 0.97}
    found = {"patients": {"development": 24, "external": 12}, "lacking": 0, "unmasked": of, "masked": of}
    (tmp_path / "ours-quality").mkdir()
    (tmp_path / "ours-quality" / "results.json").write_text(json.dumps({"threshold": 0.9, "sequences": {"t2": found}}))
    (table,) = patients_page.pictures(analysis, images, tmp_path).tables.values()
    assert list(table.iloc[0]) == ["T2-w", "before", "24 × 12", "20 (83%)", "0.910 (0.500–0.970)"]


def test_maps_are_those_of_the_leading_network(analysis, tmp_path):
    run = analysis.choice.lead
    chosen = worth_a_map(run)
    test = run.predictions.query("split == 'test'")
    assert chosen[test["risk"].idxmax()].startswith("highest risk")
    wrong = {patient for patient, why in chosen.items() if "most wrong" in why}
    assert wrong == set(most_wrong(test["risk"], test["label"], 2))
    (absent,) = explained_page.sections(analysis, tmp_path)
    assert f"--patients {','.join(chosen)} -o {tmp_path / 'ours-explained'}" in absent.text[0]

    row = {"patient_id": next(iter(chosen)), "risk": 0.9, "hidden_10": 0.5, "hidden_10_at_random": 0.8}
    found = {"run_key": run.key, "method": "occlusion", "maps": [row | {"correlation_random_weights": None}]}
    home = tmp_path / "ours-explained"
    home.mkdir()
    (home / "results.json").write_text(json.dumps(found))
    (undrawn,) = explained_page.sections(analysis, tmp_path)
    assert "There are no maps yet" in undrawn.text[0]
    with drawing(home / "figures" / "maps", width=COLUMN, height=COLUMN):
        pass
    (shown,) = explained_page.sections(analysis, tmp_path)
    assert shown.text[0].startswith("A map is no proof")
    assert not shown.tables  # which go into the manuscript's document
    table = shown.listings["Maps"]
    assert list(table.iloc[0])[3:] == ["0.900", "0.500", "0.800", "–"]
    row |= {"correlation_random_weights": 0.3, "correlation_shuffled_outcomes": 0.25}  # as written until 2026-11
    (home / "results.json").write_text(json.dumps(found | {"maps": [row]}))
    (earlier,) = explained_page.sections(analysis, tmp_path)
    assert list(earlier.listings["Maps"]["Correlation with permuted outcomes"]) == ["0.250"]
    (home / "results.json").write_text(json.dumps(found | {"run_key": "another"}))
    (other,) = explained_page.sections(analysis, tmp_path)
    assert "has maps of run another" in other.text[0]
    assert not other.figures
