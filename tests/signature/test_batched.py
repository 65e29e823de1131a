"""`augment.batched`: the changes are MONAI's, made for all patients of a batch at once."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from npc.config.loading import checked, compose
from npc.config.schema import AugmentConfig
from npc.errors import InputError
from npc.signature.augment import augmentation
from npc.signature.batched import Box, augmented_slices, inside
from npc.signature.draws import batch_draws, monai_draws

ALL = AugmentConfig(
    flip=0.5, vertical_flip=0.5, quarter_turn=0.5, rotate=20, shift=0.2, scale=0.2, intensity=0.2, gamma=0.5
)
EXACT = AugmentConfig(flip=0.5, vertical_flip=0.5, quarter_turn=0.5, rotate=0, shift=0, intensity=0)
LIGHT = AugmentConfig(flip=0.5, rotate=10, shift=0.05, intensity=0.1)


def tumours(size: int, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Rectangles that may reach the border, a background that is not 0, and an empty image."""
    planes = np.zeros((5, channels, size, size), np.uint8)
    for plane in planes[:3]:
        row, column = rng.integers(0, size, 2)
        part = plane[:, row : row + rng.integers(1, size), column : column + rng.integers(1, size)]
        part[:] = rng.integers(1, 256, part.shape)
    planes[3] = rng.integers(1, 256, planes[3].shape)
    return planes


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([31, 48]), st.sampled_from([1, 3]), st.sampled_from([LIGHT, EXACT, ALL])
)
def test_with_monais_draws_the_images_are_monais(seed, size, channels, choices):
    """But for rounding; bit for bit where nothing is interpolated."""
    rng = np.random.default_rng(seed)
    planes, steps = tumours(size, channels, rng), augmentation(choices, size)
    seeds = rng.integers(0, 2**32 - 1, len(planes)).tolist()
    found = augmented_slices(planes, [inside(of) for of in planes], monai_draws(steps, size, seeds))
    for new, plane, own in zip(found, planes, seeds, strict=True):
        image = torch.from_numpy(plane).float() / 255
        expected = torch.as_tensor(steps.set_random_state(seed=own)(image)).clamp(0, 1)
        torch.testing.assert_close(new, expected, rtol=0, atol=0 if choices is EXACT else 2e-4)


def test_the_box_holds_all_that_is_not_zero_and_no_more():
    planes = np.zeros((2, 9, 9), np.uint8)
    assert inside(planes) == Box(0, 1, 0, 1)
    planes[0, 3, 8], planes[1, 5, 2] = 1, 1
    assert inside(planes) == Box(3, 6, 2, 9)


def test_the_draws_have_the_distributions_of_monais():
    n, size = 3000, 64
    own, monai = batch_draws(ALL, size, 5, 2, range(n)), monai_draws(augmentation(ALL, size), size, range(n))
    for name in ("mirrored", "upended", "turned"):
        assert abs(getattr(own, name).mean() - 0.5) < 0.04
        assert getattr(own, name).dtype == getattr(monai, name).dtype == bool
    for column, expected in zip(measures(own), measures(monai), strict=True):
        assert ks_2samp(column, expected).pvalue > 1e-3
    spread = np.corrcoef([own.mirrored, own.upended, own.turned, *measures(own)])
    assert np.abs(spread - np.eye(len(spread))).max() < 0.09  # independent of each other


def measures(draws) -> list[np.ndarray]:
    """Angle, height, width, shifts, factor and powers of each patient."""
    a = draws.matrix
    angle = np.arctan2(a[:, 1, 0], a[:, 0, 0])
    return [
        angle, np.hypot(a[:, 0, 0], a[:, 1, 0]), np.hypot(a[:, 0, 1], a[:, 1, 1]), *a[:, :2, 2].T,
        draws.factor, *draws.gammas,
    ]  # fmt: skip


def test_a_patients_draws_depend_on_seed_epoch_and_patient_alone():
    whole = batch_draws(ALL, 64, 3, 7, range(1500))
    some = batch_draws(ALL, 64, 3, 7, [1400, 5, 33])
    for column, part in zip(measures(whole), measures(some), strict=True):
        assert np.array_equal(column[[1400, 5, 33]], part)
    for other in (batch_draws(ALL, 64, 4, 7, [5]), batch_draws(ALL, 64, 3, 8, [5])):
        assert not np.isclose(measures(other)[0], measures(some)[0][1])


def test_a_change_that_is_off_is_not_made():
    draws = batch_draws(replace(EXACT, flip=0), 64, 0, 0, range(4))
    assert draws.mirrored is draws.matrix is draws.factor is None
    assert draws.gammas == ()


def test_deformation_and_noise_are_refused():
    with pytest.raises(InputError, match=r"augment\.batched=true: deformation and noise.*augment\.noise=0"):
        checked(compose(["augment=strong", "augment.batched=true"]))
    checked(compose(["augment=strong", "augment.batched=true", "augment.elastic=0", "augment.noise=0"]))


@pytest.mark.slow
def test_a_batched_run_has_its_own_key_and_the_same_bytes_with_workers(trained):
    words = ["trainer.max_epochs=2", "network=small", "augment.batched=true"]
    plain, batched = trained(*words[:2]), trained(*words)
    with_workers = trained(*words, "trainer.workers=2", "force=true")
    assert batched.path == with_workers.path != plain.path
    assert batched.predictions.equals(with_workers.predictions)
    assert not np.allclose(batched.predictions["risk"], plain.predictions["risk"], rtol=0, atol=1e-6)
