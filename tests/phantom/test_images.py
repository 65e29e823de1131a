"""The phantom's images show the scanner and, as strongly as set, the tumour's aggressiveness."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from npc.phantom.images import FAT, MUSCLE, draw_study, relative_signal
from npc.phantom.scanners import Acquisition, Scanner, draw_acquisition
from tests.phantom.draws import draw


def acquisition_at(name: str) -> Acquisition:
    """An examination on this scanner."""
    drawn = (draw_acquisition(h, number, 0) for h in (0, 1) for number in range((188, 45)[h]))
    return next(acquisition for acquisition in drawn if acquisition.scanner.name == name)


def test_coarse_images_show_every_tumour():
    """The coarsest matrix, with the smallest tumours."""
    for number in range(300):
        rng = np.random.default_rng([5, number])
        _, depth = draw_study("t2", -2.5, 16, draw_acquisition(0, number, 0), rng)
        assert (depth < 1).any()


def test_the_largest_tumours_fit_the_volume():
    for number in range(40):
        rng = np.random.default_rng([6, number])
        _, depth = draw_study("cet1", 2.5, 32, draw_acquisition(number % 2, number, 0), rng)
        slices = (depth < 1).any(axis=(1, 2))
        assert slices.sum() >= 0.75 * len(slices)
        assert not (depth[:, [0, -1]] < 1).any()
        assert not (depth[:, :, [0, -1]] < 1).any()


def shown_in_images(sequence: str, signal: float, n: int) -> dict[str, float]:
    """Rank correlations of the aggressiveness with quantities measured in the images."""
    patients = draw(0, n, seed=21, signal=signal)
    area, unevenness = [], []
    for number, shown in enumerate(patients[f"{sequence}_shown"]):
        rng = np.random.default_rng([8, number])
        image, depth = draw_study(sequence, shown, 32, draw_acquisition(0, number, 21), rng)
        area.append((depth < 1).sum(axis=(1, 2)).max())  # in pixels, which are not all of a size
        inside = image[depth < 1]
        unevenness.append(inside.std() / inside.mean())
    return {
        "area": spearmanr(patients["aggressiveness"], area).statistic,
        "unevenness": spearmanr(patients["aggressiveness"], unevenness).statistic,
    }


@pytest.mark.slow
def test_the_images_show_the_aggressiveness_as_strongly_as_set():
    n = 250
    noise = 4 / np.sqrt(n)
    cet1, t2 = shown_in_images("cet1", 1.0, n), shown_in_images("t2", 1.0, n)
    assert cet1["area"] > 0.8
    assert 0.1 < t2["area"] < 0.6
    assert cet1["unevenness"] > 0.6
    assert shown_in_images("cet1", 0.5, n)["area"] == pytest.approx(cet1["area"] / 2, abs=0.15)
    for sequence in ("cet1", "t2"):
        for correlation in shown_in_images(sequence, 0.0, n).values():
            assert abs(correlation) < noise


def tissue_and_air(acquisition: Acquisition, sequence: str, matrix: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """The head outside of the tumour, and the corners, on one scale for all scanners."""
    image, depth = draw_study(sequence, 0.0, matrix, acquisition, np.random.default_rng(1))
    scaled = image / acquisition.scanner.scale
    _, y, x = np.meshgrid(*acquisition.grid(matrix).axes, indexing="ij")
    return scaled[(np.hypot(x / 75, y / 95) < 0.85) & (depth > 1.2)], scaled[:, :4, :4]


@pytest.mark.parametrize("sequence", ["cet1", "t2"])
def test_contrast_and_noise_are_those_of_the_scanner(sequence):
    noise = {}
    for name in ("GE 1.5T", "GE 3.0T", "Philips 1.5T", "Philips 3.0T"):
        acquisition = acquisition_at(name)
        tissue, air = tissue_and_air(acquisition, sequence)
        assert tissue.mean() == pytest.approx(relative_signal(MUSCLE, sequence, acquisition), rel=0.15)
        # Rayleigh: the mean of pure noise is 1.25 SD; the air's own signal adds little
        noise[name] = air.mean()
        assert air.mean() == pytest.approx(1.25 * acquisition.scanner.noise, rel=0.35)
    assert noise["GE 3.0T"] < noise["GE 1.5T"]
    assert noise["Philips 3.0T"] < noise["Philips 1.5T"]


def test_tumours_are_brighter_than_muscle_and_fat_is_bright_in_t1():
    # in all scanners of Table 1; contrast agent and long T2 make the tumour bright
    for hospital, number in [(h, number) for h in (0, 1) for number in range(45)]:
        acquisition = draw_acquisition(hospital, number, 0)
        for sequence in ("cet1", "t2"):
            assert relative_signal(MUSCLE, sequence, acquisition) < 0.75
        assert relative_signal(FAT, "cet1", acquisition) > 0.8


def test_an_image_finer_than_the_acquisition_matrix_has_no_higher_frequencies():
    acquisition = acquisition_at("Philips 1.5T")
    rows, columns = acquisition.scanner.protocols["cet1"].matrix  # 260 x 162

    def resolved(scanner: Scanner, matrix: int) -> np.ndarray:
        image, _ = draw_study("cet1", 0.0, matrix, Acquisition(scanner, 210, {"cet1": 630}, {"cet1": 15}),
                              np.random.default_rng(3))  # fmt: skip
        return np.abs(np.fft.fftshift(np.fft.fft2(image[:2]), axes=(1, 2))).mean(axis=0)

    spectrum = resolved(acquisition.scanner, 384)
    beyond_rows, beyond_columns = (
        spectrum[: (384 - rows) // 2 - 8].mean(),
        spectrum[:, : (384 - columns) // 2 - 8].mean(),
    )
    within = spectrum[192 - 60 : 192 - 40, 192 - 60 : 192 - 40].mean()
    assert beyond_rows < 0.5 * within
    assert beyond_columns < 0.5 * within
