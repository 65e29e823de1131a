"""Texture energies: against scipy's filters, and what they must not depend on."""

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_erosion, convolve, gaussian_filter

from npc.config.loading import compose
from npc.errors import InputError
from npc.frozen.encoder import Encoder
from npc.frozen.texture import VECTORS, TextureEnergies


def tumour(seed: int = 0, grain: float = 1.0) -> np.ndarray:
    """A disk with a grain, float32 (row, column)."""
    row, column = np.mgrid[:48, :48]
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((48, 48)), grain)
    grey = np.clip(0.5 + 0.12 * noise / noise.std(), 0.02, 1)
    return np.where((row - 24) ** 2 + (column - 20) ** 2 < 15**2, grey, 0).astype(np.float32)


def features(image: np.ndarray, model: str = "laws3") -> np.ndarray:
    return TextureEnergies(model)(torch.tensor(image)[None, None])[0].numpy()


@pytest.mark.parametrize("model", list(VECTORS))
def test_energies_are_mean_absolute_responses_inside_the_outline(model):
    image, vectors = tumour(), np.array(VECTORS[model], float)
    inner = binary_erosion(image > 0, np.ones((len(vectors[0]),) * 2))
    expected = []
    for i, row in enumerate(vectors):
        for j, column in enumerate(vectors):
            if i or j:
                mask = np.outer(row, column) / np.linalg.norm(np.outer(row, column))
                response = convolve(image.astype(float), mask[::-1, ::-1], mode="constant")
                expected.append(np.log(np.abs(response)[inner].mean()))
    np.testing.assert_allclose(features(image, model)[: len(expected)], expected, rtol=1e-4)


def test_the_last_features_are_the_distribution_of_the_grey_levels():
    image = tumour()
    grey = image[image > 0]
    moments = [grey.mean(), grey.std(), ((grey - grey.mean()) ** 3).mean()]
    np.testing.assert_allclose(
        features(image)[-8:], [*moments, *np.quantile(grey, [0.1, 0.25, 0.5, 0.75, 0.9])], rtol=1e-3, atol=1e-6
    )


def test_the_place_of_the_tumour_does_not_matter():
    np.testing.assert_allclose(features(np.roll(tumour(), (4, 6), (0, 1))), features(tumour()), rtol=1e-4)


def test_coarse_texture_has_less_energy_in_the_finest_masks():
    """The last mask of each scale, spot by spot, sees the finest pattern."""
    for seed in range(5):
        assert features(tumour(seed, 1.0))[7] > features(tumour(seed, 3.0))[7] + 1


def test_a_tumour_of_a_few_pixels_or_of_one_grey_level_has_features():
    image = np.zeros((16, 16), np.float32)
    image[5, 5] = 1
    assert np.isfinite(features(image)).all()
    image[2:14, 2:14] = 0.5
    assert np.isfinite(features(image)).all()


@pytest.mark.slow
def test_the_encoder_reads_the_grey_levels_as_they_are():
    encoder = Encoder(compose(["encoder=texture"]).encoder, seed=0)
    plane = np.round(tumour() * 255).astype(np.uint8)
    np.testing.assert_allclose(encoder.features(plane[None]), features(plane.astype(np.float32) / 255), rtol=1e-5)
    assert encoder.about["licence"] == "none needed"
    assert Encoder(compose(["encoder=texture"]).encoder, seed=1).hash == encoder.hash


def test_an_unknown_model_is_reported():
    with pytest.raises(InputError, match=r"encoder\.model=laws4.*laws3 or laws5"):
        Encoder(compose(["encoder=texture", "encoder.model=laws4"]).encoder, seed=0)
