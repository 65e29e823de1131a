"""The phantom's images show the scanner and, as strongly as set, the parts of the tumour's aggressiveness."""

import numpy as np
import pandas as pd
import pytest

from npc.phantom.images import FAT, MUSCLE, draw_study, relative_signal
from npc.phantom.parts import PARTS
from npc.phantom.scanners import Acquisition, Scanner, draw_acquisition
from tests.phantom.draws import all_parts, draw


def acquisition_at(name: str) -> Acquisition:
    """An examination on this scanner."""
    drawn = (draw_acquisition(h, number, 0) for h in (0, 1) for number in range((188, 45)[h]))
    return next(acquisition for acquisition in drawn if acquisition.scanner.name == name)


def test_coarse_images_show_every_tumour():
    """The coarsest matrix, with the smallest tumours."""
    for number in range(300):
        rng = np.random.default_rng([5, number])
        _, depth = draw_study("t2", all_parts(-2.5), False, 16, draw_acquisition(0, number, 0), rng)
        assert (depth < 1).any()


def test_the_largest_tumours_fit_the_volume():
    for number in range(40):
        rng = np.random.default_rng([6, number])
        _, depth = draw_study("cet1", all_parts(2.5), False, 32, draw_acquisition(number % 2, number, 0), rng)
        slices = (depth < 1).any(axis=(1, 2))
        assert slices.sum() >= 0.75 * len(slices)
        assert not (depth[:, [0, -1]] < 1).any()
        assert not (depth[:, :, [0, -1]] < 1).any()


def measured(sequence: str, matrix: int = 64, n: int = 120, **options) -> pd.DataFrame:
    """Rank correlations (rows) of what is measured in the images with the parts of the aggressiveness (columns).

    `area` of the largest slice; `grain`, the correlation of neighbouring pixels near the tumour's edge, where there is
    no necrosis; `centre`, how much darker the middle is than the edge.
    """
    patients = draw(0, n, seed=21, **options)
    rows = []
    for number, truth in enumerate(patients.to_dict("records")):
        shown = {part: truth[f"{sequence}_{part}_shown"] for part in PARTS}
        joint = options.get("signal_in") == "joint"
        rng = np.random.default_rng([8, number])
        acquisition = draw_acquisition(0, number, 21)
        image, depth = draw_study(sequence, shown, joint, matrix, acquisition, rng)
        at = (depth < 1).sum(axis=(1, 2)).argmax()
        plane, depth = image[at].astype(float), depth[at]
        ring = (depth > 0.72) & (depth < 1)
        around = np.where(ring, plane - plane[ring].mean(), 0)
        pairs = ring[1:] & ring[:-1]
        rows.append(
            {
                "area": (depth < 1).sum() * acquisition.grid(matrix).spacing[1] ** 2,
                "grain": (around[1:] * around[:-1])[pairs].mean() / around[ring].var(),
                "centre": plane[ring].mean() / plane[depth < 0.6].mean(),
            }
        )
    parts = patients[[f"{part}_part" for part in PARTS]].set_axis(PARTS, axis=1)
    return pd.concat([pd.DataFrame(rows), parts], axis=1).corr("spearman").loc[["area", "grain", "centre"], list(PARTS)]


@pytest.mark.slow
def test_each_part_is_seen_alone():
    """What one part changes in the images says nothing about the other two, which are independent of it."""
    found = measured("cet1")
    assert found.loc["area", "size"] > 0.9
    assert found.loc["grain", "texture"] > 0.6
    assert found.loc["centre", "necrosis"] > 0.75
    others = found.to_numpy()[~np.eye(3, dtype=bool)]
    assert (abs(others) < 4 / np.sqrt(120)).all()


@pytest.mark.slow
def test_the_images_show_as_much_as_set():
    cet1, t2 = np.diag(measured("cet1", n=250)), np.diag(measured("t2", n=250))
    assert (t2 < cet1 - 0.2).all()
    assert 0.1 < t2[0] < 0.6
    assert np.diag(measured("cet1", n=250, signal=0.5)) == pytest.approx(cet1 / 2, abs=0.15)
    for sequence in ("cet1", "t2"):
        assert (abs(measured(sequence, n=250, signal=0.0)) < 4 / np.sqrt(250)).to_numpy().all()


@pytest.mark.slow
def test_where_the_parts_are_joint_each_shows_the_same():
    found = measured("cet1", signal_in="joint")
    assert (found.loc["area"] > 0.8).all()
    assert found.nunique(axis=1).eq(1).all()


def tissue_and_air(acquisition: Acquisition, sequence: str, matrix: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """The head outside of the tumour, and the corners, on one scale for all scanners."""
    image, depth = draw_study(sequence, all_parts(0.0), False, matrix, acquisition, np.random.default_rng(1))
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


@pytest.mark.slow
def test_an_image_finer_than_the_acquisition_matrix_has_no_higher_frequencies():
    acquisition = acquisition_at("Philips 1.5T")
    rows, columns = acquisition.scanner.protocols["cet1"].matrix  # 260 x 162

    def resolved(scanner: Scanner, matrix: int) -> np.ndarray:
        image, _ = draw_study(
            "cet1",
            all_parts(0.0),
            False,
            matrix,
            Acquisition(scanner, 210, {"cet1": 630}, {"cet1": 15}),
            np.random.default_rng(3),
        )
        return np.abs(np.fft.fftshift(np.fft.fft2(image[:2]), axes=(1, 2))).mean(axis=0)

    spectrum = resolved(acquisition.scanner, 384)
    beyond_rows, beyond_columns = (
        spectrum[: (384 - rows) // 2 - 8].mean(),
        spectrum[:, : (384 - columns) // 2 - 8].mean(),
    )
    within = spectrum[192 - 60 : 192 - 40, 192 - 60 : 192 - 40].mean()
    assert beyond_rows < 0.5 * within
    assert beyond_columns < 0.5 * within
