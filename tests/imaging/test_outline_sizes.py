"""The size of an outline, against SimpleITK's; and that it is measured once."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from npc.cohort.load import load
from npc.config.loading import compose
from npc.errors import InputError
from npc.imaging import readers
from npc.imaging.outline_sizes import outline_sizes
from npc.imaging.size import outline_size


@given(st.integers(0, 2**32 - 1))
def test_volume_is_that_of_simpleitk(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((4, 9, 7)) < 0.3
    mask[0, 0, 0] = True
    spacing = tuple(rng.uniform(0.3, 6, 3))
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    found = outline_size(mask, spacing)
    assert found.volume == pytest.approx(shape.GetPhysicalSize(1) / 1000)
    largest = max(np.count_nonzero(plane) for plane in mask)
    assert found.area == pytest.approx(largest * spacing[1] * spacing[2] / 100)


@pytest.fixture
def cohort(drawn):
    folder = drawn(n=8, external=3, matrix=16)
    config = compose(["cohort=table", f"cohort.root={folder}", "cohort.name=ours"])
    return load(config.cohort, config.endpoint, ["cet1", "t2"])


def test_sizes_of_a_cohort_are_read_once(cohort, tmp_path, monkeypatch):
    patients = cohort.patients.index
    first = outline_sizes(tmp_path, cohort, ["cet1", "t2"], patients)
    assert list(first) == ["patient_id", "sequence", "volume", "area"]
    assert first["patient_id"].tolist() == [patient for patient in patients for _ in range(2)]
    assert (first[["volume", "area"]] > 0).all(axis=None)
    monkeypatch.setattr(readers, "read_scan", lambda study: pytest.fail("read again"))
    again = outline_sizes(tmp_path, cohort, ["t2"], patients[3:5])
    expected = first[first["sequence"] == "t2"].set_index("patient_id").loc[patients[3:5]].reset_index()
    pd.testing.assert_frame_equal(again, expected[list(again)])


def test_outlines_that_cannot_be_read_are_named_together(cohort, tmp_path):
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"no image")
    first, second = cohort.patients.index[:2]
    cohort.patients.loc[[first, second], "t2_mask"] = str(broken)
    with pytest.raises(InputError, match="2 of 8 outlines cannot be measured"):
        outline_sizes(tmp_path, cohort, ["t2"], cohort.patients.index)
