"""The best AUC that can be reached on a phantom."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from npc.cohort.truth import read_truth
from npc.phantom.oracle import Oracle
from tests.phantom.draws import draw


def write_truth(folder: Path, patients: pd.DataFrame, signal: float) -> pd.DataFrame:
    """A phantom's folder without images; its patients by identifier."""
    folder.mkdir()
    shown = [column for column in patients if column.endswith("_shown")]
    patients[["patient_id", "linear_predictor", *shown]].to_csv(folder / "truth.csv", index=False)
    (folder / "phantom.json").write_text(json.dumps({"signal": signal}))
    return patients.set_index("patient_id")


@pytest.mark.slow
def test_the_oracle_is_the_auc_of_the_truth(tmp_path):
    patients = write_truth(tmp_path / "phantom", draw(0, 3000), 1.0)
    both = Oracle.read(tmp_path / "phantom").best_auc(patients, "dm_event", ["cet1", "t2"])
    cet1, t2 = (Oracle.read(tmp_path / "phantom").best_auc(patients, "dm_event", [s])["image"] for s in ("cet1", "t2"))
    label = patients["dm_event"]
    assert both["all"] == roc_auc_score(label, patients["linear_predictor"])
    assert cet1 == roc_auc_score(label, patients["cet1_shown"])
    assert t2 == roc_auc_score(label, patients["t2_shown"])
    assert both["all"] > roc_auc_score(label, patients["image_part"]) > cet1 > t2 > 0.55
    # a second sequence can do no harm, and no other weighing of the two does better
    assert both["image"] > cet1 - 0.002
    weighed = [
        roc_auc_score(label, patients["cet1_shown"] + weight * patients["t2_shown"])
        for weight in np.linspace(-1, 3, 41)
    ]
    assert both["image"] > max(weighed) - 0.003


def test_the_oracle_uses_only_the_given_patients(tmp_path):
    patients = write_truth(tmp_path / "phantom", draw(1, 60), 1.0)
    some = patients.sample(30, random_state=0)
    found = Oracle.read(tmp_path / "phantom").best_auc(some, "dm_event", ["cet1"])
    assert found["all"] == roc_auc_score(some["dm_event"], some["linear_predictor"])
    alive = patients[patients["dm_event"] == 0]
    one_class = Oracle.read(tmp_path / "phantom").best_auc(alive, "dm_event", ["cet1"])
    assert one_class == dict.fromkeys(["size", "texture", "necrosis", "image", "all"])
    assert read_truth(tmp_path) is None


def test_without_signal_the_image_oracle_is_0_5(tmp_path):
    patients = write_truth(tmp_path / "phantom", draw(0, 500, signal=0.0), 0.0)
    for sequences in (["cet1"], ["t2"], ["cet1", "t2"]):
        found = Oracle.read(tmp_path / "phantom").best_auc(patients, "dm_event", sequences)
        assert found["image"] == 0.5
        assert found["all"] > 0.7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signal_in", "carriers"),
    [("size", ["size"]), ("texture", ["texture"]), ("texture:0.5+necrosis:0.5", ["texture", "necrosis"])],
)
def test_each_part_has_an_oracle_of_its_own(tmp_path, signal_in, carriers):
    """Where one part carries the outcome, it is what the images know; where it does not, its AUC is 0.5."""
    patients = write_truth(tmp_path / "phantom", draw(0, 2000, signal_in=signal_in), 1.0)
    found = Oracle.read(tmp_path / "phantom").best_auc(patients, "dm_event", ["cet1"])
    for part in ("size", "texture", "necrosis"):
        if part in carriers:
            assert 0.65 < found[part] <= found["image"]
            assert (found[part] == found["image"]) == (len(carriers) == 1)
        else:
            assert abs(found[part] - 0.5) < 4 * 0.013  # the standard error of the AUC of 2,000 patients
    assert found["image"] > 0.75


def test_where_all_parts_show_the_same_each_has_the_images_oracle(tmp_path):
    patients = write_truth(tmp_path / "phantom", draw(0, 300, signal_in="joint"), 1.0)
    found = Oracle.read(tmp_path / "phantom").best_auc(patients, "dm_event", ["cet1", "t2"])
    assert found["size"] == found["texture"] == found["necrosis"] == found["image"]
