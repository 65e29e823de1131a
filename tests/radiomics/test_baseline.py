"""The values that pyradiomics' authors publish for their three MR tumours, each column with its own settings.

A column's settings are in its row `diagnostics_Configuration_Settings`. Two of the five published cases (CT) are not
among the data.
"""

import ast
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from npc.imaging.slices import largest_slice
from npc.radiomics.features import features
from tests.radiomics.feature_settings import PAPER, SHAPE_AND_FIRST_ORDER
from tests.scans import read_scan

CASES = ("brain1", "brain2", "breast1")
# Values of the three cases, by class: a missing table or column must not pass in silence.
PUBLISHED = {
    "shape": 84,
    "firstorder": 216,
    "glcm": 576,
    "glrlm": 384,
    "glszm": 336,
    "gldm": 294,
    "ngtdm": 105,
}
SETTINGS = {"", "2d", "FBN", "combined", "flatRegion", "normalization", "resampling", "resegmentation"}
# Mesh of brain1 unresampled: published by 2.0.1b1, whose triangles differ from those of 3.0.1 where voxels meet at an
# edge alone, as far as is known (see test_only_the_mesh_of_brain1_differs).
MESH = {f"original_shape_{name}" for name in ("MeshVolume", "SurfaceArea", "SurfaceVolumeRatio", "Sphericity")}


def table(npc_data, kind) -> pd.DataFrame:
    found = pd.read_csv(npc_data / "pyradiomics" / "baseline" / f"baseline_{kind}.csv", index_col=0)
    return found[[name for name in found if name.startswith(CASES)]]


def published(column: pd.Series) -> dict[str, float]:
    return {name: float(value) for name, value in column.items() if name.startswith("original_")}


@pytest.fixture(scope="module")
def volumes(npc_data) -> dict[str, tuple[sitk.Image, sitk.Image]]:
    folder = npc_data / "pyradiomics"
    return {
        case: tuple(sitk.ReadImage(str(folder / f"{case}_{what}.nrrd")) for what in ("image", "label"))
        for case in CASES
    }


def extracted(volumes, kind, column) -> dict[str, float]:
    """This column's values, with its own settings, by pyradiomics itself, which npc's equal."""
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    settings = ast.literal_eval(column["diagnostics_Configuration_Settings"]) | {"additionalInfo": False}
    extractor = RadiomicsFeatureExtractor(**settings)
    extractor.disableAllFeatures()
    extractor.enableFeatureClassByName(kind)
    with np.errstate(all="ignore"):
        values = extractor.execute(*volumes[column.name.split("_")[0]])
    return {name: float(value) for name, value in values.items()}


def farthest(found: dict[str, float], expected: dict[str, float]) -> dict[str, float]:
    """Relative error of each value."""
    return {name: abs(found[name] - value) / abs(value) if value else abs(found[name]) for name, value in
            expected.items()}  # fmt: skip


# of the matrices the fast tests have the settings that npc has as well, below
@pytest.mark.parametrize(
    "kind", ["shape", "firstorder", *(pytest.param(kind, marks=pytest.mark.slow) for kind in list(PUBLISHED)[2:])]
)
def test_every_published_value(npc_data, volumes, kind):
    wrong, compared, settings = {}, 0, set()
    for _, column in table(npc_data, kind).items():
        expected = published(column)
        errors = farthest(extracted(volumes, kind, column), expected)
        compared += len(expected)
        settings.add(column.name.partition("_")[2])
        known = MESH if (kind, column.name) == ("shape", "brain1") else set()
        wrong |= {(column.name, name): error for name, error in errors.items() if error > 1e-6 and name not in known}
    assert not wrong
    assert compared == PUBLISHED[kind]
    assert settings <= SETTINGS


def test_all_settings_of_the_authors_are_among_them(npc_data):
    assert {name.partition("_")[2] for name in table(npc_data, "glcm")} == SETTINGS


def diagonal_faces(inside: np.ndarray) -> int:
    """2 x 2 voxels in a plane of which the outline holds one diagonal alone: marching cubes may close either way."""
    found = 0
    for axis in range(3):
        of = np.moveaxis(np.pad(inside, 1), axis, 0)
        a, b, c, d = of[:, :-1, :-1], of[:, :-1, 1:], of[:, 1:, :-1], of[:, 1:, 1:]
        found += int((a & d & ~b & ~c).sum() + (b & c & ~a & ~d).sum())
    return found


def test_only_the_mesh_of_brain1_differs(npc_data, volumes):
    """By less than a part in a thousand; of the three outlines it has most faces that may be closed either way.

    The same outline resampled, published by the later 2.1.0, has its values within 1e-6; the authors' own test allows
    3%.
    """
    column = table(npc_data, "shape")["brain1"]
    assert column["diagnostics_Versions_PyRadiomics"].startswith("2.0.1b1")
    errors = farthest(extracted(volumes, "shape", column), published(column))
    assert {name for name, error in errors.items() if error > 1e-6} == MESH
    assert max(errors.values()) < 1e-3
    faces = {case: diagonal_faces(sitk.GetArrayFromImage(volumes[case][1]) == 1) for case in CASES}
    assert faces == {"brain1": 7, "brain2": 1, "breast1": 0}


@pytest.mark.parametrize("case", CASES)
def test_shape_on_the_slice_of_our_choice(npc_data, case):
    """The authors outlined one slice by hand: it is the one that npc chooses."""
    folder = npc_data / "pyradiomics"
    scan = read_scan(folder / f"{case}_image.nrrd", folder / f"{case}_label.nrrd", label=1)
    column = table(npc_data, "shape2D")[f"{case}_shape2D"]
    *_, slice_, _, _, thickness = ast.literal_eval(column["diagnostics_Mask-corrected_BoundingBox"])
    assert (largest_slice(scan.mask), 1) == (slice_, thickness)
    assert scan.mask[slice_].sum() == int(column["diagnostics_Mask-corrected_VoxelNum"])
    expected = published(column)
    assert len(expected) == 9
    assert max(farthest(features([scan], SHAPE_AND_FIRST_ORDER)[0]["max"], expected).values()) < 1e-6


@pytest.mark.parametrize(
    ("name", "choices", "count"),
    [
        ("breast1", {"bin_width": 25.0, "normalize": False}, 104),
        ("breast1_FBN", {"bin_count": 64, "normalize": False}, 75),
        ("breast1_normalization", {"bin_width": 5.0, "normalize": True, "scale": 100.0}, 93),
    ],
)
def test_published_values_by_npc_itself(npc_data, name, choices, count):
    """Of the published cases the one that is outlined on three slices, with the settings that npc has as well."""
    settings = replace(PAPER, **{"bin_count": None, "filters": ["original"]} | choices)
    folder = npc_data / "pyradiomics"
    scan = read_scan(folder / "breast1_image.nrrd", folder / "breast1_label.nrrd", label=1)
    found = features([scan], settings)[0]["three"]
    expected = {}
    for kind in PUBLISHED:
        columns = table(npc_data, kind)
        if name in columns:
            expected |= published(columns[name])
    for shifted in ("Energy", "TotalEnergy", "RootMeanSquared") if name == "breast1" else ():
        expected.pop(f"original_firstorder_{shifted}")  # the authors add 2000 to each intensity
    assert len(expected) == count
    assert max(farthest(found, expected).values()) < 1e-6
