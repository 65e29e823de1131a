"""The mesh of an outline measured in parts is that which pyradiomics measures at once."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from radiomics.shape import RadiomicsShape
from scipy.ndimage import gaussian_filter

from npc.radiomics.mesh import Shape


@st.composite
def outlines(draw: st.DrawFn) -> np.ndarray:
    """Blobs, and scattered voxels that meet at edges and corners: pyradiomics' mesh of those has holes."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 70), st.integers(1, 70)))
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(size=shape)
    rough = gaussian_filter(noise, draw(st.sampled_from([0, 1, 4])))
    return rough > np.quantile(rough, draw(st.sampled_from([0.3, 0.8, 0.99])))


def values(kind: type[RadiomicsShape], inside: np.ndarray, spacing: tuple[float, float, float]) -> dict[str, float]:
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.SetSpacing(spacing[::-1])
    with np.errstate(all="ignore"):
        return {name: float(value) for name, value in kind(mask, mask).execute().items()}


@settings(max_examples=20)
@given(outlines(), st.tuples(*[st.floats(0.3, 6.0)] * 3))
def test_every_shape_feature(inside: np.ndarray, spacing: tuple[float, float, float]):
    assume(inside.sum() > 1)
    assert values(Shape, inside, spacing) == pytest.approx(
        values(RadiomicsShape, inside, spacing), rel=1e-9, nan_ok=True
    )


@pytest.mark.slow
def test_a_large_tumour_is_divided_into_parts_without_changing_its_values():
    """Cut in all three axes, and farther from the origin than its size."""
    draw = np.random.default_rng(5)
    inside = np.zeros((60, 90, 80), bool)
    inside[20:, 40:, 30:] = gaussian_filter(draw.normal(size=(40, 50, 50)), 3) > 0
    spacing = (4.0, 0.7, 0.5)
    assert values(Shape, inside, spacing) == pytest.approx(values(RadiomicsShape, inside, spacing), rel=1e-10)
