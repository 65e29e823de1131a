"""`augment.batched`: the changes are MONAI's, made for all patients of a batch at once."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from npc.config.loading import checked, compose
from npc.config.method_schema import AugmentConfig
from npc.errors import InputError
from npc.signature.augment import Augmentation, augmentation
from npc.signature.batched import Box, augmented_slices, inside
from npc.signature.draws import batch_draws, monai_draws

ALL = AugmentConfig(
    flip=0.5, vertical_flip=0.5, quarter_turn=0.5, rotate=20, shift=0.2, scale=0.2, intensity=0.2, gamma=0.5
)
EXACT = AugmentConfig(flip=0.5, vertical_flip=0.5, quarter_turn=0.5, rotate=0, shift=0, intensity=0)
LIGHT = AugmentConfig(flip=0.5, rotate=10, shift=0.05, intensity=0.1)
GREY = AugmentConfig(flip=0.5, rotate=0, shift=0, intensity=0.2, gamma=0.5)
CHOICES = [LIGHT, EXACT, GREY, ALL]
HARD = AugmentConfig(flip=0, rotate=180, shift=0.2, scale=0.9, intensity=0)


def tumours(size: int, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Some of: rectangles that may reach the border, one pixel, a background that is not 0, an empty image."""
    planes = np.zeros((6, channels, size, size), np.uint8)
    for plane, most in zip(planes[:4], (size // 2, size // 2, size // 4, 1), strict=True):
        row, column = rng.integers(0, size, 2)
        part = plane[:, row : row + rng.integers(1, most + 1), column : column + rng.integers(1, most + 1)]
        part[:] = rng.integers(1, 256, part.shape)
    planes[4] = rng.integers(100, 256, planes[4].shape)
    return rng.permutation(planes)[: rng.integers(1, len(planes) + 1)]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([31, 48]), st.sampled_from([1, 3]), st.sampled_from(CHOICES))
def test_with_monais_draws_the_images_are_monais(seed, size, channels, choices):
    """But for rounding; bit for bit where nothing is computed."""
    rng = np.random.default_rng(seed)
    planes, steps = tumours(size, channels, rng), augmentation(choices, size)
    seeds = rng.integers(0, 2**32 - 1, len(planes)).tolist()
    found = augmented_slices(planes, [inside(of) for of in planes], monai_draws(steps, size, seeds))
    for new, plane, own in zip(found, planes, seeds, strict=True):
        image = torch.from_numpy(plane).float() / 255
        expected = torch.as_tensor(steps.set_random_state(seed=own)(image)).clamp(0, 1)
        torch.testing.assert_close(new, expected, rtol=0, atol=0 if choices is EXACT else 2e-4)


@pytest.mark.parametrize("seed", range(8))
def test_a_small_tumour_is_not_cut_off_where_it_grows_ten_times(seed):
    """The edge that is interpolated grows with it; for MONAI's calls as for a batch."""
    plane, steps = np.zeros((1, 64, 64), np.uint8), augmentation(HARD, 64)
    plane[0, 30:33, 28 : 29 + seed % 3] = 200
    image = torch.from_numpy(plane).float() / 255
    expected = torch.as_tensor(steps.set_random_state(seed=seed)(image)).clamp(0, 1)
    found = augmented_slices(plane[None], [inside(plane)], monai_draws(steps, 64, [seed]))[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-4)
    assert torch.equal(Augmentation(HARD, 64)(image, seed), expected)


def test_pixels_do_not_depend_on_the_number_of_threads():
    """A process that loads data has one; PyTorch shares 32 768 numbers or more among threads."""
    rng = np.random.default_rng(0)
    planes = rng.integers(1, 256, (5, 3, 224, 224)).astype(np.uint8)
    draws = batch_draws(LIGHT, 224, 0, [(number, 0) for number in range(5)], 5)
    threads, found = torch.get_num_threads(), []
    try:
        for number in (1, 2, 3, 7):
            torch.set_num_threads(number)
            found.append(augmented_slices(planes, [inside(of) for of in planes], draws))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(of, found[0]) for of in found)


def test_the_box_holds_all_that_is_not_zero_and_no_more():
    planes = np.zeros((2, 9, 9), np.uint8)
    assert inside(planes) == Box(0, 1, 0, 1)
    planes[0, 3, 8], planes[1, 5, 2] = 1, 1
    assert inside(planes) == Box(3, 6, 2, 9)


def test_the_draws_have_the_distributions_of_monais():
    n, size = 3000, 64
    own = batch_draws(ALL, size, 5, [(number, 2) for number in range(n)], n)
    monai = monai_draws(augmentation(ALL, size), size, range(600))
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
    whole = batch_draws(ALL, 64, 3, [(number, 7) for number in range(1500)], 1500)
    some = batch_draws(ALL, 64, 3, [(1400, 7), (5, 7), (33, 7), (5, 8)], 1401)
    for column, part in zip(measures(whole), measures(some), strict=True):
        assert np.array_equal(column[[1400, 5, 33]], part[:3])
        assert not np.isclose(part[1], part[3])
    assert not np.isclose(measures(batch_draws(ALL, 64, 4, [(5, 7)], 1500))[0], measures(some)[0][1])


def test_a_change_that_is_off_is_not_made():
    draws = batch_draws(replace(EXACT, flip=0), 64, 0, [(0, 0), (3, 0)], 4)
    assert draws.mirrored is draws.matrix is draws.factor is None
    assert draws.gammas == ()


@pytest.mark.parametrize("option", ["elastic", "noise"])
def test_deformation_and_noise_are_refused(option):
    with pytest.raises(InputError, match=r"augment\.batched=true: deformation and noise.*augment\.noise=0"):
        checked(compose([f"augment.{option}=0.1", "augment.batched=true"]))
    checked(compose(["augment=strong", "augment.batched=true", "augment.elastic=0", "augment.noise=0"]))


@pytest.mark.slow
def test_a_batched_run_has_its_own_key_and_the_same_bytes_with_workers(trained):
    words = ["trainer.max_epochs=2", "network=small", "augment.batched=true"]
    plain, batched = trained(*words[:2]), trained(*words)
    with_workers = trained(*words, "trainer.workers=2", "force=true")
    assert batched.path == with_workers.path != plain.path
    assert batched.predictions.equals(with_workers.predictions)
    assert not np.allclose(batched.predictions["risk"], plain.predictions["risk"], rtol=0, atol=1e-6)
