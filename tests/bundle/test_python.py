"""`npc.load`: a bundle in Python."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import npc
from npc.bundle.python import Model
from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.readers import read_scan


@pytest.fixture(scope="module")
def handed(model: Path) -> Model:
    return npc.load(model)


@pytest.fixture(scope="module")
def study(elsewhere: Path) -> Study:
    row = pd.read_csv(elsewhere / "patients.csv", dtype=str).iloc[2]
    image, mask = (elsewhere / row[column] for column in ("cet1_image", "cet1_mask"))
    return Study(row["patient_id"], "cet1", image, {"reader1": mask})


def test_paths_and_arrays_give_the_risk_of_the_run(handed: Model, study: Study, run):
    found = handed.predict(study.image, study.outlines["reader1"])
    assert found.risk == pytest.approx(run.predictions.loc[study.patient, "risk"], abs=1e-6)
    assert found.group in ("low risk", "high risk")
    assert 0 < found.absolute[36] < found.absolute[60] < 1
    scan = read_scan(study)
    again = handed.predict(scan.image, scan.mask, spacing=scan.spacing)
    assert again.risk == found.risk


@pytest.mark.parametrize(
    ("clinical", "spacing", "message"),
    [
        ({"age": 54}, (5, 1, 1), "the model knows no age"),
        ({}, None, "an array must be"),
    ],
)
def test_what_does_not_fit_is_named(clinical: dict, spacing, message: str, handed: Model):
    with pytest.raises(InputError, match=message):
        handed.predict(np.zeros((3, 32, 32)), np.zeros((3, 32, 32)), clinical, spacing=spacing)


def test_regions_of_a_model_without_regions_are_refused(handed: Model, study: Study):
    with pytest.raises(InputError, match="rois: the model reads the outline as it is"):
        handed.predict(study.image, study.outlines["reader1"], rois={"gtv": 1})


def test_importing_npc_imports_nothing_heavy():
    code = "import npc, sys; print([name for name in ('numpy', 'torch', 'pandas') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
