"""What each option of the augmentation changes, and what it leaves."""

import numpy as np
import pytest
import torch

from npc.config.loading import compose
from npc.config.method_schema import AugmentConfig
from npc.signature.augment import Augmentation, augmentation

SIDE = 40
INSIDE = slice(10, 30)


def image() -> torch.Tensor:
    """A tumour of all grey levels on the zero background: (channel, row, column)."""
    x = torch.zeros(3, SIDE, SIDE)
    x[:, INSIDE, INSIDE] = torch.linspace(0.1, 1, 400).reshape(20, 20)
    return x


def augmented(x: torch.Tensor, times: int = 20, **options: float) -> list[torch.Tensor]:
    """The image after one option in several draws."""
    choices = {"flip": 0, "rotate": 0, "shift": 0, "intensity": 0} | options
    change = augmentation(AugmentConfig(**choices), SIDE)
    return [torch.as_tensor(change.set_random_state(seed=seed)(x)).clone() for seed in range(times)]


@pytest.mark.parametrize("option", ["gamma", "noise"])
def test_grey_levels_change_inside_the_tumour_alone(option):
    x = image()
    for changed in augmented(x, **{option: 0.3}):
        assert (changed[x == 0] == 0).all()
        assert (changed[x > 0] != x[x > 0]).float().mean() > 0.9


def test_gamma_is_the_power_of_the_grey_levels():
    """Between 1 / 1.5 and 1.5, the same in all channels; black and white stay."""
    x = image()
    powers = []
    for changed in augmented(x, times=100, gamma=0.5):
        middle = (x > 0) & (x < 0.9)
        power = changed[middle].log() / x[middle].log()
        torch.testing.assert_close(power, power[:1].expand_as(power), rtol=1e-3, atol=1e-3)
        powers.append(float(power[0]))
    assert 1 / 1.51 < min(powers) < 0.75
    assert 1.4 < max(powers) < 1.51


def test_noise_has_at_most_its_sd_and_differs_between_the_slices():
    x = image()
    noise = [(changed - x)[:, INSIDE, INSIDE] for changed in augmented(x, times=50, noise=0.1)]
    spread = [float(of.std()) for of in noise]
    assert max(spread) < 0.105
    assert min(spread) < 0.02
    assert abs(float(torch.stack(noise).mean())) < 0.002
    assert not torch.equal(noise[0][0], noise[0][1])


def test_a_vertical_flip_turns_the_rows():
    x = image()
    assert torch.equal(augmented(x, times=1, vertical_flip=1)[0], x.flip(1))


def test_scale_changes_height_and_width_by_at_most_its_share():
    x = image().gt(0).float()
    sizes = [(float(y[0].sum(0).max()), float(y[0].sum(1).max())) for y in augmented(x, times=60, scale=0.2)]
    ratio = np.array(sizes) / 20
    assert 0.78 < ratio.min() < 0.88
    assert 1.15 < ratio.max() < 1.28
    torch.testing.assert_close(torch.as_tensor(augmented(x, times=1, scale=1e-6)[0]), x, rtol=0, atol=1e-3)


def test_elastic_moves_pixels_by_at_most_its_share_and_none_without():
    x = torch.zeros(1, SIDE, SIDE)
    x[:, 19:21, 19:21] = 1
    grid = torch.arange(float(SIDE))
    moved = []
    for changed in augmented(x, times=60, elastic=0.05):
        y = changed[0] / changed.sum()
        moved += [float((y.sum(1) * grid).sum()) - 19.5, float((y.sum(0) * grid).sum()) - 19.5]
    assert 0.7 < np.abs(moved).max() <= 2.05  # pixels of 40
    torch.testing.assert_close(augmented(image(), times=1, elastic=1e-7)[0], image(), rtol=0, atol=1e-4)


def test_deformation_is_not_one_shift():
    x = image()
    (changed,) = augmented(x, times=1, elastic=0.05)
    distances = [
        float((changed - x.roll((row, column), dims=(1, 2))).abs().mean())
        for row in range(-2, 3)
        for column in range(-2, 3)
    ]
    assert min(distances) > 0.01
    assert (changed[:, :4] == 0).all()


def test_options_that_are_off_change_nothing_of_the_light_augmentation():
    """The same draws as before they existed, hence the same images."""
    light = {"flip": 0.5, "rotate": 10, "shift": 0.05, "intensity": 0.1}
    steps = augmentation(AugmentConfig(**light), SIDE).transforms
    assert [type(step).__name__ for step in steps] == [
        "RandFlip", "RandAffine", "RandScaleIntensity", "RandAdjustContrast",
    ]  # fmt: skip
    drawn = steps[1].set_random_state(seed=3).rand_affine_grid
    drawn.randomize()
    assert len(drawn.translate_params) == 2
    assert drawn.scale_params == []


def test_the_strong_config_adds_to_the_light_one():
    strong, light = compose(["augment=strong"]).augment, compose([]).augment
    assert strong.rotate > light.rotate
    assert min(strong.scale, strong.elastic, strong.gamma, strong.noise) > 0
    assert strong.vertical_flip == light.noise == 0
    assert strong.flip == light.flip


def test_exact_augmentation_gives_the_eight_orientations_and_no_other_image():
    x = image()
    eight = {turned.numpy().tobytes() for k in range(4) for turned in (x.rot90(k, (1, 2)), x.flip(1).rot90(k, (1, 2)))}
    made = augmented(x, 100, flip=0.5, vertical_flip=0.5, quarter_turn=0.5, rotate=0, shift=0, intensity=0)
    assert {np.ascontiguousarray(y).tobytes() for y in made} == eight
    assert len(eight) == 8
    choices = compose(["augment=exact"]).augment
    assert (choices.flip, choices.vertical_flip, choices.quarter_turn, choices.rotate) == (0.5, 0.5, 0.5, 0)


def tumour(size: int, rng: np.random.Generator, channels: int, background: float = 0.0) -> torch.Tensor:
    """A tumour at a random place, which may reach the border."""
    x = torch.full((channels, size, size), background)
    row, column = rng.integers(0, size, 2)
    height, width = rng.integers(1, size, 2)
    part = x[:, row : row + height, column : column + width]
    part.copy_(torch.from_numpy(rng.integers(0, 256, part.shape).astype(np.float32) / 255))
    return x


@pytest.mark.parametrize("name", ["light", "exact", "strong", "none"])
@pytest.mark.parametrize("size", [32, 61, 96])
def test_the_numbers_are_those_of_the_monai_transforms(name, size):
    """Bit for bit, so that a run has the results of the transforms by which it is defined."""
    choices = compose([f"augment={name}"]).augment
    fast, plain = Augmentation(choices, size), augmentation(choices, size)
    rng = np.random.default_rng(size)
    for seed in range(6):
        for x in (tumour(size, rng, 1 + 2 * (seed % 2)), tumour(size, rng, 1, 0.2), torch.zeros(1, size, size)):
            expected = torch.as_tensor(plain.set_random_state(seed=seed)(x.clone())).clamp(0, 1)
            assert torch.equal(fast(x.clone(), seed), expected)
