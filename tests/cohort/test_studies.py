"""A patient's files: whose, which, and how a fault of theirs is named."""

from pathlib import Path

import pandas as pd
import pytest

from npc.cohort.cohort import Cohort
from npc.cohort.load import load
from npc.cohort.studies import Study
from npc.config.loading import compose
from npc.names import READERS
from npc.phantom import source as phantom

PATIENTS = pd.DataFrame(
    {
        "t2_image": ["b.nii", pd.NA, "a.nii"],
        "t2_mask": ["b_mask.nii", pd.NA, "a_mask.nii"],
        "t2_mask_reader2": [pd.NA, pd.NA, "a_again.nii"],
    },
    index=pd.Index(["P2", "P3", "P1"], name="patient_id"),
)


def test_studies_are_of_the_patients_who_have_the_sequence(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    cohort = Cohort("ours", tmp_path / "link", PATIENTS, ("t2", "cet1"), label=2, roi={"t2": "GTV"}, by_index=True)
    root = (tmp_path / "real").resolve()
    assert cohort.studies("t2") == [
        Study("P2", "t2", root / "b.nii", {"reader1": root / "b_mask.nii"}, 2, "GTV", True),
        Study("P1", "t2", root / "a.nii", {"reader1": root / "a_mask.nii"}, 2, "GTV", True),
    ]
    two, one = cohort.studies("t2", tuple(READERS))
    assert list(two.outlines) == ["reader1"]
    assert one.files == (root / "a.nii", root / "a_mask.nii", root / "a_again.nii")
    assert one.by("reader2").files == (root / "a.nii", root / "a_again.nii")
    assert cohort.studies("cet1") == []


def test_a_fault_is_located_once():
    study = Study("P1", "t2", Path("/a.nii"), {"reader1": Path("/mask.nii"), "reader2": Path("/again.nii")})
    assert study.located("/again.nii is empty") == "/again.nii is empty"
    assert study.located("/a.nii is cut off") == "/a.nii is cut off"
    assert study.located("a single pixel") == "patient P1 (t2): a single pixel"
    assert study.by("reader2").located("a single pixel") == "/again.nii: a single pixel"


@pytest.mark.slow
@pytest.mark.parametrize("by_index", [False, True])
def test_the_config_says_how_outlines_are_read(tmp_path, by_index):
    phantom.write(tmp_path / "cohort", seed=1, n=12, external=4, matrix=32, signal=1.0)
    choices = ["cohort=table", f"cohort.root={tmp_path / 'cohort'}", f"cohort.by_index={by_index}"]
    config = compose([*choices, "cohort.label=1", "+cohort.roi.t2=GTVp"])
    cohort = load(config.cohort, config.endpoint, ["cet1", "t2"])
    (t2, *_), (cet1, *_) = cohort.studies("t2"), cohort.studies("cet1")
    assert (t2.label, t2.roi, t2.by_index) == (1, "GTVp", by_index)
    assert (cet1.label, cet1.roi, cet1.by_index) == (1, None, by_index)
