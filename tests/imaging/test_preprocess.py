"""The paper's preprocessing against histograms, grids and windows written by hand."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import exposure

from npc.errors import InputError
from npc.imaging.input_settings import Preprocess
from npc.imaging.preprocess import equalise, network_input, scale_to_grey, square_window

unhurried = settings(deadline=None)  # the machine may be busy


def disk(side: int, radius: float, centre: tuple[float, float] | None = None, width: int | None = None) -> np.ndarray:
    """A filled circle in a slice."""
    rows, columns = np.indices((side, width or side))
    row, column = centre or ((side - 1) / 2, ((width or side) - 1) / 2)
    return np.hypot(rows - row, columns - column) <= radius


def study(side: int = 24, radius: float = 7, slices: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise around a ramp, and a disk whose middle slice is the largest."""
    rng = np.random.default_rng(seed)
    image = rng.gamma(2, 100, (slices, side, side)).astype(np.float32)
    image += np.linspace(0, 300, side, dtype=np.float32)
    mask = np.stack([disk(side, radius if z == slices // 2 else radius - 1) for z in range(slices)])
    return image, mask


@st.composite
def studies(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Square studies of a few pixels, with intensities of either sign."""
    slices, side, seed = draw(st.integers(1, 4)), draw(st.integers(2, 12)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    spread = draw(st.sampled_from([1, 7, 300, 4000]))
    image = rng.integers(-spread, spread + 1, (slices, side, side)).astype(np.float32)
    mask = rng.random(image.shape) < draw(st.floats(0.1, 0.9))
    mask[draw(st.integers(0, slices - 1)), draw(st.integers(0, side - 1)), draw(st.integers(0, side - 1))] = True
    return image, mask


def exact_equalisation(values: np.ndarray) -> np.ndarray:
    """OpenCV's formula, before it rounds."""
    cdf = np.bincount(values, minlength=256).cumsum()
    lowest = cdf[values.min()]
    return (cdf[values] - lowest) * 255 / (len(values) - lowest)


def equalised_slice(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """One slice, masked, scaled and equalised by hand."""
    values = image[mask].astype(np.float64)
    grey = np.rint((values - values.min()) / (values.max() - values.min()) * 255).astype(int)
    out = np.zeros(mask.shape, np.uint8)
    out[mask] = np.rint(exact_equalisation(grey))
    return out


def resampled(mask: np.ndarray, size: int) -> np.ndarray:
    """Nearest neighbour: the source pixel that the centre of each target pixel lies in, where it is on no edge."""
    at = ((np.arange(size) + 0.5) * len(mask) / size).astype(int)
    return mask[np.ix_(at, at)]


@pytest.mark.parametrize("size", [8, 12, 16, 24, 31, 48, 96])
def test_pixels_outside_the_outline_are_zero(size):
    image, mask = study()
    slices, middle = network_input(image, mask, Preprocess(size))
    assert (slices.dtype, slices.shape, middle) == (np.uint8, (3, size, size), 1)
    for got, plane in zip(slices, mask, strict=True):
        target = cv2.resize(plane.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST_EXACT) > 0
        assert not got[~target].any()
        assert (got[target] > 0).mean() > 0.9  # the darkest pixels of the tumour are 0 too


@pytest.mark.parametrize("size", [8, 12, 48, 72])
def test_the_resized_outline_is_that_of_the_pixels_centres(size):
    _, mask = study()
    slices, _ = network_input(np.ones(mask.shape), mask, Preprocess(size, equalise=False))
    inside = np.stack([resampled(plane, size) for plane in mask])
    assert not slices[~inside].any()
    assert slices[inside].all()


def test_scaling_spans_all_greys_over_the_tumour():
    image, mask = study()
    image[~mask] = 1e6  # what shines outside takes no part
    slices, _ = network_input(image, mask, Preprocess(24, equalise=False))
    for got, values, plane in zip(slices, image, mask, strict=True):
        low, high = values[plane].min(), values[plane].max()
        assert (got[plane].min(), got[plane].max()) == (0, 255)
        exact = (values[plane].astype(np.float64) - low) / (high - low) * 255
        assert np.abs(got[plane] - exact).max() <= 0.5 + 1e-6


def test_equalisation_counts_the_tumours_pixels_alone():
    image, mask = study()
    slices, _ = network_input(image, mask, Preprocess(24))
    for got, values, plane in zip(slices, image, mask, strict=True):
        np.testing.assert_array_equal(got, equalised_slice(values, plane))
        grey = np.zeros(plane.shape, np.uint8)
        grey[plane] = scale_to_grey(values[plane])
        # OpenCV leaves out the lowest grey, which the background shares with the tumour's darkest pixel;
        np.testing.assert_array_equal(got, cv2.equalizeHist(grey))
        # any other way of counting the background presses the tumour into the upper greys.
        counted = exposure.equalize_hist(grey) * 255
        assert counted[plane].min() > 150
        assert got[plane].min() == 0


def test_an_equalised_histogram_is_flat():
    values = scale_to_grey(np.random.default_rng(0).gamma(1.5, 1.0, 20_000))
    assert np.median(values) < 60
    np.testing.assert_allclose(np.quantile(equalise(values), [0.25, 0.5, 0.75]), [63.75, 127.5, 191.25], atol=4)


@unhurried
@given(st.lists(st.integers(0, 255), min_size=1, max_size=300).map(lambda v: np.array(v, np.uint8)))
def test_equalisation_is_opencvs_formula(values):
    if len(np.unique(values)) == 1:
        np.testing.assert_array_equal(equalise(values), values)
    else:
        # OpenCV calculates in single precision: a value half-way between two greys may go either way.
        assert np.abs(equalise(values) - exact_equalisation(values)).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("pad", [1, 5, 40])
def test_the_amount_of_background_does_not_matter(pad):
    image, mask = study()
    wide = ((0, 0), (pad, pad), (pad, pad))
    got, _ = network_input(np.pad(image, wide, constant_values=9000), np.pad(mask, wide), Preprocess(24 + 2 * pad))
    without, _ = network_input(image, mask, Preprocess(24))
    np.testing.assert_array_equal(got[:, pad:-pad, pad:-pad], without)
    assert got.sum() == without.sum()


@unhurried
@given(studies(), st.integers(0, 2**32 - 1))
def test_intensities_outside_the_outline_do_not_matter(pair, seed):
    image, mask = pair
    other = np.where(mask, image, np.random.default_rng(seed).normal(0, 1e5, image.shape))
    other.flat[np.flatnonzero(~mask)[:3]] = np.nan
    settings_ = Preprocess(image.shape[1])
    np.testing.assert_array_equal(
        network_input(other.astype(np.float32), mask, settings_)[0], network_input(image, mask, settings_)[0]
    )


@pytest.mark.parametrize("crop", ["none", "roi"])
@pytest.mark.parametrize("size", [12, 24, 40])
def test_the_middle_channel_does_not_depend_on_its_neighbours(crop, size):
    image, mask = study(slices=5)
    before, _ = network_input(image, mask, Preprocess(size, crop))
    image[[1, 3]] = np.random.default_rng(1).normal(0, 1e4, (2, 24, 24))
    mask[1] = mask[3] = disk(24, 2, centre=(20, 3))
    after, middle = network_input(image, mask, Preprocess(size, crop))
    assert middle == 2
    assert (before[0] != after[0]).any()
    assert (before[2] != after[2]).any()
    np.testing.assert_array_equal(before[1], after[1])


def test_a_slice_at_the_volumes_end_is_used_twice():
    image, mask = study()
    top, chosen = network_input(image[1:], mask[1:], Preprocess(24))
    assert chosen == 0
    np.testing.assert_array_equal(top[0], top[1])
    assert (top[1] != top[2]).any()
    single, _ = network_input(image[1:2], mask[1:2], Preprocess(24))
    np.testing.assert_array_equal(single, np.stack([top[1]] * 3))


def test_a_neighbour_without_outline_is_empty():
    image, mask = study()
    mask[0] = False
    slices, _ = network_input(image, mask, Preprocess(24))
    assert not slices[0].any()
    assert slices[2].any()


@pytest.mark.parametrize(
    ("size", "smooth"),
    [
        (8, cv2.INTER_AREA),
        (17, cv2.INTER_AREA),
        (23, cv2.INTER_AREA),
        (25, cv2.INTER_CUBIC),
        (48, cv2.INTER_CUBIC),
        (70, cv2.INTER_CUBIC),
    ],
)
def test_shrinking_uses_area_and_enlarging_cubic_interpolation(size, smooth):
    image, mask = study()
    equalised = equalised_slice(image[1], mask[1])
    expected = cv2.resize(equalised, (size, size), interpolation=smooth)
    expected[cv2.resize(mask[1].astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST_EXACT) == 0] = 0
    np.testing.assert_array_equal(network_input(image, mask, Preprocess(size))[0][1], expected)


def test_shrinking_to_half_takes_the_mean_of_four():
    image, mask = study()
    equalised = equalised_slice(image[1], mask[1])
    mean = equalised.reshape(12, 2, 12, 2).mean(axis=(1, 3))
    inner = mask[1].reshape(12, 2, 12, 2).all(axis=(1, 3))
    got = network_input(image, mask, Preprocess(12))[0][1]
    assert np.abs(got[inner] - mean[inner]).max() <= 0.5


@pytest.mark.parametrize("shape", [(40, 80), (80, 40), (41, 80), (80, 41)])
@pytest.mark.parametrize("size", [32, 80, 160])
def test_a_circle_stays_a_circle_in_a_slice_that_is_not_square(shape, size):
    mask = disk(shape[0], 12.2, centre=(20, 20), width=shape[1])[None]
    got = network_input(np.full(mask.shape, 7.0), mask, Preprocess(size, equalise=False))[0][1]
    rows, columns = np.flatnonzero(got.any(axis=1)), np.flatnonzero(got.any(axis=0))
    scale = size / 80
    # 25 pixels across, and shifted by half of what the shorter side lacks
    for shown, length in ((rows, shape[0]), (columns, shape[1])):
        assert np.ptp(shown) + 1 == pytest.approx(25 * scale, abs=scale if scale < 1 else 0)
        assert shown.mean() + 0.5 == pytest.approx((20.5 + (80 - length) // 2) * scale, abs=scale)


# The variant roi_crop


def test_the_crop_shows_the_outline_and_a_margin():
    mask = np.zeros((1, 64, 64), bool)
    mask[0, 10:20, 30:34] = True
    image = np.random.default_rng(0).normal(size=mask.shape)
    crop = Preprocess(12, "roi", margin=0.1)
    assert square_window(mask[0], crop) == (9, 26, 12)
    got = network_input(image, mask, crop)[0][1]
    np.testing.assert_array_equal(got, equalised_slice(image[0], mask[0])[9:21, 26:38])
    assert square_window(mask[0], Preprocess(12, "roi", margin=0.5)) == (5, 22, 20)
    assert square_window(mask[0], Preprocess(12, "roi", margin=0)) == (10, 27, 10)


@pytest.mark.parametrize("corner", [(0, 0), (0, 44), (44, 0), (44, 44), (0, 20)])
def test_a_tumour_at_the_border_keeps_its_margin(corner):
    row, column = corner
    mask = np.zeros((1, 64, 64), bool)
    mask[0, row : row + 20, column : column + 20] = True
    got = network_input(np.zeros(mask.shape), mask, Preprocess(24, "roi"))[0][1]
    expected = np.zeros((24, 24), np.uint8)
    expected[2:22, 2:22] = 255
    np.testing.assert_array_equal(got, expected)


def test_a_window_larger_than_the_slice_is_filled_with_zeros():
    mask = np.zeros((1, 20, 6), bool)
    mask[0, :, 1:3] = True
    image = np.random.default_rng(0).normal(size=mask.shape)
    got = network_input(image, mask, Preprocess(40, "roi", margin=0.5))[0][1]
    expected = np.zeros((40, 40), np.uint8)
    expected[10:30, 19:21] = equalised_slice(image[0], mask[0])[:, 1:3]
    np.testing.assert_array_equal(got, expected)


def test_the_crop_removes_the_tumours_size():
    small, large = (
        network_input(np.zeros((1, 64, 64)), disk(64, radius)[None], Preprocess(32, "roi"))[0][1] for radius in (6, 24)
    )
    assert abs(float((small > 0).mean() - (large > 0).mean())) < 0.05


def test_a_window_has_the_same_length_for_all_tumours_and_centres_them():
    """40 mm at 2 mm a pixel: 20 pixels, whatever the tumour's size; so it shows the size, which the crop removes."""
    for radius in (4, 8):
        mask = disk(64, radius)
        rows, columns = np.nonzero(mask)
        top, left, side = square_window(mask, Preprocess(20, "window", window=40), pixel=2.0)
        assert side == 20
        assert abs(top + side / 2 - (rows.min() + rows.max() + 1) / 2) <= 0.5
        assert abs(left + side / 2 - (columns.min() + columns.max() + 1) / 2) <= 0.5
        got = network_input(
            np.random.default_rng(0).normal(size=(1, 64, 64)),
            mask[None],
            Preprocess(20, "window", window=40),
            (2.0, 2.0),
        )[0][1]
        assert abs(int((got > 0).sum()) - int(mask.sum())) <= 1  # equalisation may give one pixel the level 0


def test_what_lies_outside_of_the_window_is_cut_off():
    got = network_input(np.zeros((1, 64, 64)), disk(64, 20)[None], Preprocess(16, "window", window=16))[0][1]
    assert (got == 255).all()


def test_a_window_below_a_pixel_shows_one():
    assert square_window(disk(16, 4), Preprocess(16, "window", window=1), pixel=5.0)[2] == 1


@unhurried
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
    margin=st.sampled_from([0, 0.1, 0.3, 1]),
)
def test_the_window_contains_the_whole_outline(shape, corners, margin):
    rows = sorted(round(share * (shape[0] - 1)) for share in corners[:2])
    columns = sorted(round(share * (shape[1] - 1)) for share in corners[2:])
    mask = np.zeros((1, *shape), bool)
    mask[0, rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = True
    _, _, side = square_window(mask[0], Preprocess(1, "roi", margin))
    got = network_input(np.zeros(mask.shape), mask, Preprocess(side, "roi", margin))[0][1]
    assert np.count_nonzero(got) == mask.sum()
    for axis in (0, 1):  # as much room before it as behind it, up to a pixel
        shown = np.flatnonzero(got.any(axis=axis))
        room = shown[0], side - 1 - shown[-1]
        assert abs(room[0] - room[1]) <= 1
        assert min(room) >= round(margin * (max(np.ptp(rows), np.ptp(columns)) + 1))


# What is odd


@pytest.mark.parametrize("value", [-1000.0, 0.0, 37.5])
@pytest.mark.parametrize("equalised", [True, False])
def test_a_tumour_of_one_intensity_is_white(value, equalised):
    _, mask = study()
    slices, _ = network_input(np.full(mask.shape, value, np.float32), mask, Preprocess(24, equalise=equalised))
    assert (slices[mask] == 255).all()
    assert (slices[~mask] == 0).all()


@pytest.mark.parametrize("size", [64, 128, 200])
def test_a_tumour_of_one_pixel_survives_at_native_size_and_above(size):
    mask = np.zeros((1, 64, 64), bool)
    mask[0, 17, 40] = True
    slices, _ = network_input(np.random.default_rng(0).normal(size=mask.shape), mask, Preprocess(size))
    row, column = np.unravel_index(slices[1].argmax(), (size, size))
    assert (int((row + 0.5) * 64 / size), int((column + 0.5) * 64 / size)) == (17, 40)
    assert slices[1].max() > 150  # cubic interpolation blurs a single pixel


def test_a_tumour_without_a_pixel_left_is_reported_with_the_size():
    mask = np.zeros((1, 64, 64), bool)
    mask[0, 17, 40] = True
    with pytest.raises(InputError, match=r"preprocess\.size=16; choose a larger size"):
        network_input(np.ones(mask.shape), mask, Preprocess(16))


def test_negative_intensities_are_scaled_as_others():
    rng = np.random.default_rng(0)
    hounsfield = rng.integers(-1000, 400, (3, 24, 24)).astype(np.float32)
    _, mask = study()
    slices, _ = network_input(hounsfield, mask, Preprocess(24))
    np.testing.assert_array_equal(slices, network_input(hounsfield + 1000, mask, Preprocess(24))[0])
    np.testing.assert_array_equal(slices[1], equalised_slice(hounsfield[1], mask[1]))
    brightest = np.unravel_index(np.where(mask[1], hounsfield[1], -np.inf).argmax(), (24, 24))
    assert slices[1][brightest] == 255


def test_pixels_that_are_not_square_are_resampled():
    """A ball in a coronal series, 5 mm from row to row of the axial slice, is round to the network."""
    z, y, x = np.meshgrid(np.arange(-30, 31), np.arange(-50, 51, 5), np.arange(-50, 51), indexing="ij")
    ball = np.sqrt(x**2 + y**2 + z**2) <= 30
    image = np.random.default_rng(0).uniform(0, 100, ball.shape).astype(np.float32)
    for crop in ("none", "roi"):
        seen = network_input(image, ball, Preprocess(size=128, crop=crop), pixel=(5.0, 1.0))[0][1] > 0
        height, width = (np.ptp(np.flatnonzero(seen.any(axis=axis))) + 1 for axis in (1, 0))
        assert abs(height - width) <= 8  # a row of the series is 5 mm
        stretched = network_input(image, ball, Preprocess(size=128, crop=crop))[0][1] > 0
        assert np.ptp(np.flatnonzero(stretched.any(axis=1))) < width / 3


def test_all_slices_are_those_of_the_outline_and_then_empty_ones():
    """Each as `slices=max` would show it, were it the largest."""
    image, mask = study(slices=7)
    mask[[0, 5]] = False
    slices, middle = network_input(image, mask, Preprocess(24, slices=8))
    assert (slices.dtype, slices.shape, middle) == (np.uint8, (8, 24, 24), 3)
    for plane, z in zip(slices, [1, 2, 3, 4, 6], strict=False):
        np.testing.assert_array_equal(plane, network_input(image[[z]], mask[[z]], Preprocess(24))[0][1])
    assert not slices[5:].any()


def test_the_window_of_all_slices_holds_the_outline_of_each():
    image, mask = study(side=40, radius=4, slices=3)
    mask[2] = disk(40, 3.5, centre=(8, 30))
    slices, _ = network_input(image, mask, Preprocess(80, crop="roi", margin=0.1, equalise=False, slices=3))
    side = square_window(mask.any(axis=0), Preprocess(80, crop="roi"))[2]
    shown = [(plane > 0).sum() * (side / 80) ** 2 for plane in slices]
    np.testing.assert_allclose(shown, mask.sum(axis=(1, 2)), rtol=0.1)
