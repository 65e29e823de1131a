"""Regions of one RTSTRUCT, segmentation or label map: each by its name or number, absent in some patients."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from npc.cohort.studies import Study
from npc.errors import InputError
from npc.imaging.readers import read_scan
from tests.imaging.dicom_files import write_rtstruct
from tests.imaging.test_segmentation import GEOMETRY, SHAPE, write_image, write_segmentation

TUMOUR, NODE = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
TUMOUR[1:4, 1:5, 1:5] = True
NODE[2:4, 5:7, 6:9] = True
NAMES, NUMBERS = {"tumour": "GTVp", "node": "GTVn*"}, {"tumour": 1, "node": 2}


@pytest.fixture
def image(tmp_path) -> Path:
    return write_image(tmp_path)


def outline(folder: Path, kind: str, *, with_node: bool = True) -> Path:
    masks = {"GTVp": TUMOUR, "GTVn left": NODE} if with_node else {"GTVp": TUMOUR}
    if kind == "RTSTRUCT":
        return write_rtstruct(folder / "outline.dcm", masks, **GEOMETRY)
    if kind == "SEG":
        return write_segmentation(folder / "outline.dcm", {name: of.astype(np.uint8) for name, of in masks.items()})
    labels = sitk.GetImageFromArray((TUMOUR + 2 * NODE * with_node).astype(np.uint8))
    z, y, x = GEOMETRY["spacing"]
    labels.SetSpacing((x, y, z))
    labels.SetOrigin(GEOMETRY["origin"])
    sitk.WriteImage(labels, str(folder / "outline.nrrd"))
    return folder / "outline.nrrd"


def study(image: Path, outline: Path, rois: dict, region: str) -> Study:
    first = next(iter(rois))
    others = {} if region == first else {"sliced_by": rois[first], "may_lack": True}
    return Study("P1", "cet1", image, {"reader1": outline}, label=rois[region], rois=rois, **others)


@pytest.mark.parametrize(
    ("kind", "rois"), [("RTSTRUCT", NAMES), ("SEG", NAMES), ("SEG", NUMBERS), ("label map", NUMBERS)]
)
def test_each_region_is_read_by_its_name_or_number(tmp_path, image, kind, rois):
    drawn = outline(tmp_path, kind)
    np.testing.assert_array_equal(read_scan(study(image, drawn, rois, "tumour")).mask, TUMOUR)
    node = read_scan(study(image, drawn, rois, "node"))
    np.testing.assert_array_equal(node.mask, NODE)
    np.testing.assert_array_equal(node.shown, TUMOUR)
    without = read_scan(study(image, outline(tmp_path, kind, with_node=False), rois, "node"))
    assert not without.mask.any()
    np.testing.assert_array_equal(without.shown, TUMOUR)


@pytest.mark.parametrize(
    ("kind", "rois", "told"),
    [
        ("RTSTRUCT", NUMBERS, "is an RTSTRUCT, whose ROIs have no numbers, and cohort.rois has 1"),
        ("label map", NAMES, "is a label map, and cohort.rois has the name 'GTVp'"),
        ("RTSTRUCT", {"tumour": "GTV"}, "has no ROI 'GTV'; those there: 'GTVp', 'GTVn left'"),
        ("SEG", {"tumour": 3}, "no segment 3; choose one by its number"),
    ],
)
def test_a_name_or_number_that_the_file_cannot_have_is_one_message(tmp_path, image, kind, rois, told):
    with pytest.raises(InputError) as error:
        read_scan(study(image, outline(tmp_path, kind), rois, "tumour"))
    assert [told in fault for fault in error.value.faults] == [True]
