"""Features: the values that pyradiomics' authors publish, on the slices that the networks see, without a sound."""

import numpy as np
import pandas as pd
import pytest

from npc.errors import InputError
from npc.imaging.readers import Scan
from npc.radiomics import features as engine
from tests.radiomics.feature_settings import SHAPE_AND_FIRST_ORDER
from tests.scans import read_scan


def features(scan: Scan, slices: str) -> dict[str, float | None]:
    return engine.features([scan], SHAPE_AND_FIRST_ORDER, [slices])[0][slices]


def published(npc_data, case, kind) -> dict[str, float]:
    table = pd.read_csv(npc_data / "pyradiomics" / "baseline" / f"baseline_{kind}.csv", index_col=0)[case]
    return {name: float(value) for name, value in table.items() if name.startswith(f"original_{kind}_")}


def read(npc_data, case) -> Scan:
    folder = npc_data / "pyradiomics"
    return read_scan(folder / f"{case}_image.nrrd", folder / f"{case}_label.nrrd", label=1)


@pytest.mark.parametrize("case", ["brain1", "brain2", "breast1"])
def test_shape_of_the_largest_slice_has_the_published_values(npc_data, case):
    found = features(read(npc_data, case), "max")
    expected = published(npc_data, f"{case}_shape2D", "shape2D")
    assert len(expected) == 9
    np.testing.assert_allclose([found[name] for name in expected], list(expected.values()), rtol=1e-6)


@pytest.mark.parametrize("kind", ["shape", "firstorder"])
def test_three_slices_have_the_published_values(npc_data, kind):
    """Of the published cases the one that is outlined on three slices; its baseline shifts and bins intensities."""
    found = features(read(npc_data, "breast1"), "three")
    expected = published(npc_data, "breast1", kind)
    for other in ("Energy", "TotalEnergy", "RootMeanSquared", "Entropy", "Uniformity"):
        expected.pop(f"original_firstorder_{other}", None)
    assert len(expected) >= 13
    np.testing.assert_allclose([found[name] for name in expected], list(expected.values()), rtol=1e-6)


def block(*, image=None) -> Scan:
    """4 x 3 pixels on slice 1, 2 x 2 on slice 2."""
    mask = np.zeros((4, 8, 8), bool)
    mask[1, 2:6, 3:6] = mask[2, 2:4, 3:5] = True
    values = np.arange(mask.size, dtype=np.float32).reshape(mask.shape) if image is None else image
    return Scan(values, mask, (5.0, 0.5, 2.0))


def test_values_that_can_be_counted_by_hand():
    scan = block()
    one, three = features(scan, "max"), features(scan, "three")
    assert one["original_shape2D_PixelSurface"] == pytest.approx(12 * 0.5 * 2)
    assert three["original_shape_VoxelVolume"] == pytest.approx(16 * 5 * 0.5 * 2)
    assert one["original_firstorder_Mean"] == pytest.approx(scan.image[1, 2:6, 3:6].mean())
    assert three["original_firstorder_Maximum"] == scan.image[2, 3, 4]


def test_the_intensity_scale_does_not_change_entropy():
    scan = block()
    scaled = Scan(scan.image * 1000 + 50, scan.mask, scan.spacing)
    for name in ("Entropy", "Uniformity"):
        name = f"original_firstorder_{name}"
        assert features(scaled, "max")[name] == pytest.approx(features(scan, "max")[name])


def test_other_slices_are_refused():
    with pytest.raises(InputError, match="slices=two: must be one of max, three"):
        features(block(), "two")
