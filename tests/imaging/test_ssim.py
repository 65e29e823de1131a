"""SSIM of all pairs against scikit-image, pair by pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from npc.imaging import ssim
from npc.imaging.ssim import pairwise_ssim


def expected(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.array(
        [[structural_similarity(a, b, gaussian_weights=True, sigma=1.5, data_range=255) for b in second] for a in first]
    )


def disc(radius: float, side: int = 64) -> np.ndarray:
    rows, columns = np.indices((side, side)) - side / 2
    return np.hypot(rows, columns) < radius


def images(kind: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (4, 64, 64))
    ramp = np.arange(64) * 4
    made = {
        "noise": noise,
        "constant": [np.full((64, 64), grey) for grey in (0, 1, 128, 255)],
        "masked": [np.where(disc(3 + 6 * i), plane, 0) for i, plane in enumerate(noise)],
        "head over dark noise": [np.where(disc(20 + i), 120 + plane // 8, plane % 3) for i, plane in enumerate(noise)],
        "ramps": [np.add.outer(ramp * 0, ramp), np.add.outer(ramp, ramp * 0), np.add.outer(ramp, ramp) // 2],
        # flat windows far from 0, where float32 alone goes wrong by 5e-5
        "dots on bright and dark": [np.where(disc(9 + i), 254, 0) + (plane < 5) for i, plane in enumerate(noise)],
    }
    return np.array(made[kind], np.uint8)


@pytest.mark.parametrize(
    "kind", ["noise", "constant", "masked", "head over dark noise", "ramps", "dots on bright and dark"]
)
def test_equal_to_scikit_image(kind):
    first, second = images(kind), np.concatenate([images("noise")[:2], images(kind)])
    np.testing.assert_allclose(pairwise_ssim(first, second), expected(first, second), rtol=0, atol=1e-6)


@given(st.integers(11, 40), st.integers(11, 40), st.integers(0, 2**32 - 1), st.integers(1, 255), st.integers(1, 20))
@settings(max_examples=10)
def test_equal_to_scikit_image_for_all_sizes_and_contrasts(rows, columns, seed, contrast, block):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, contrast + 1, (4, -(-rows // block), -(-columns // block)))
    planes = np.kron(coarse, np.ones((1, block, block)))[:, :rows, :columns].astype(np.uint8)
    first, second = planes[:1], planes[1:]
    np.testing.assert_allclose(pairwise_ssim(first, second), expected(first, second), rtol=0, atol=1e-6)


def test_the_block_size_does_not_change_the_values(monkeypatch):
    planes = images("noise")
    whole = pairwise_ssim(planes[:3], planes)
    monkeypatch.setattr(ssim, "_BLOCK", 1)  # one image at a time
    np.testing.assert_array_equal(pairwise_ssim(planes[:3], planes), whole)


def test_equal_images_have_ssim_1_and_ssim_is_symmetric():
    planes = images("noise")
    pairs = pairwise_ssim(planes, planes)
    np.testing.assert_allclose(np.diag(pairs), 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(pairs, pairs.T, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sizes", [(10, 10), (16, 12)])
def test_images_without_an_ssim_are_refused(sizes):
    first, second = (np.zeros((1, size, size), np.uint8) for size in sizes)
    with pytest.raises(ValueError, match="no SSIM"):
        pairwise_ssim(first, second)
