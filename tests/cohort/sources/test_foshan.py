"""The layout of the published NPC set: read, checked, and refused for training with the reason."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from npc.cohort.sources import foshan
from npc.config.loading import compose
from npc.errors import InputError
from tests.commands import run_here
from tests.imaging.dicom_files import AXIAL, write_series
from tests.scans import read_scan

SHAPE = (4, 6, 5)  # slice, row, column
TUMOUR = (slice(1, 3), slice(2, 5), slice(1, 3))
ORIGIN = (-40.0, -60.0, 12.0)


def write_mask(path: Path, mask: np.ndarray, *, placed: bool) -> None:
    """A mask as NIfTI stores it, (x, y, z); unplaced, its header says no more than sizes."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    if placed:
        image.SetSpacing((1.0, 1.0, 3.0))
        image.SetOrigin(ORIGIN)
    sitk.WriteImage(image, path)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Three patients: whole, one whose outline has another shape, one without T2."""
    rng = np.random.default_rng(0)
    mask = np.zeros(SHAPE, bool)
    mask[TUMOUR] = True
    for patient in ("001", "002", "003"):
        home = tmp_path / "MRI-Segments" / patient
        for series, outline in foshan.FILES.values():
            if (patient, series) == ("003", "T2WI"):
                continue
            pixels = rng.integers(0, 50, SHAPE) + 100 * mask
            write_series(home / series, pixels, origin=ORIGIN)
            write_mask(home / outline, mask, placed=series == "T1WI")
    write_mask(tmp_path / "MRI-Segments" / "002" / "ROI-T2.nii", np.pad(mask, ((0, 1), (0, 0), (0, 0))), placed=False)
    return tmp_path


def test_the_layout_becomes_a_table_without_outcome(published):
    table, root = foshan.read(published, ["t1", "t2", "cet1"])
    assert root == published / "MRI-Segments"
    assert list(table["patient_id"]) == ["001", "002", "003"]
    assert set(table["centre"]) == {"Foshan"}
    assert table.loc[0, ["cet1_image", "cet1_mask"]].tolist() == ["001/CE-T1WI", "001/ROI-CE-T1.nii"]
    assert table.loc[2, ["t2_image", "t2_mask"]].tolist() == [None, None]
    assert not {"dm_event", "dmfs_months"} & set(table)
    assert foshan.read(published / "MRI-Segments", ["t1"])[0].equals(
        table[["patient_id", "centre", "t1_image", "t1_mask"]]
    )


@pytest.mark.parametrize("sequence", ["T1WI", "CE-T1WI"])
def test_an_outline_is_on_the_tumour_with_a_correct_and_with_an_empty_header(published, sequence):
    home = published / "MRI-Segments" / "001"
    scan = read_scan(home / sequence, home / f"ROI-{sequence.removesuffix('WI')}.nii", by_index=True)
    assert scan.by_index == (sequence == "CE-T1WI")
    assert scan.image[scan.mask].min() >= 100 > scan.image[~scan.mask].max()
    assert scan.spacing == (3, 1, 1)


def test_an_outline_by_index_follows_the_image_in_every_axis_order(tmp_path):
    mask = np.zeros(SHAPE, bool)
    mask[TUMOUR] = True
    down = np.reshape(AXIAL, (3, 3)) @ np.diag([1, -1, -1])  # slices stored from superior to inferior
    write_series(tmp_path / "series", 100 * mask, origin=ORIGIN, direction=tuple(down.ravel()))
    write_mask(tmp_path / "mask.nii", mask, placed=False)
    scan = read_scan(tmp_path / "series", tmp_path / "mask.nii", by_index=True)
    assert scan.image[scan.mask].min() == 100
    assert scan.image[~scan.mask].max() == 0


def test_an_outline_without_position_is_refused_unless_by_index_is_set(published):
    home = published / "MRI-Segments" / "001"
    with pytest.raises(InputError, match="another grid"):
        read_scan(home / "T2WI", home / "ROI-T2.nii")


def test_a_header_with_another_position_is_refused_even_by_index(published):
    path = published / "MRI-Segments" / "001" / "ROI-CE-T1.nii"
    image = sitk.ReadImage(path)
    image.SetOrigin((5, 5, 5))
    sitk.WriteImage(image, path)
    with pytest.raises(InputError, match="another grid"):
        read_scan(path.parent / "CE-T1WI", path, by_index=True)


@pytest.mark.slow
def test_check_reports_the_patient_whose_shapes_differ(published):
    choices = ["cohort", "check", "cohort=foshan", f"cohort.root={published}"]
    ended = run_here("npc", *choices)
    assert ended.returncode == 2
    assert ended.stdout.count("Fault:") == 1
    assert "002/ROI-T2.nii is on another grid" in ended.stdout
    sound = run_here("npc", *choices, "+cohort.exclude={002: the outline of T2 has another shape}")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "Left out: 002: the outline of T2 has another shape" in sound.stdout


def test_training_without_an_outcome_is_refused_with_the_reason(published):
    done = run_here("train.py", "cohort=foshan", f"cohort.root={published}", "sequence=cet1")
    assert done.returncode == 2
    assert "cohort.labelled=false: the outcomes of foshan are not known" in done.stderr
    assert done.stderr.count("\n") == 1


def test_wrong_folders_and_sequences_are_reported(tmp_path):
    with pytest.raises(InputError, match=r"no patient folder in .*MRI-Segments"):
        foshan.read(tmp_path, ["t1"])
    with pytest.raises(InputError, match="flair are not in this set"):
        foshan.read(tmp_path, ["flair"])


def test_the_config_composes():
    assert compose(["cohort=foshan", "cohort.root=x", "sequence=cet1"]).cohort.labelled is False
