"""Features confined to the tumour are those of the whole image; the store keeps them for the same input alone."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from npc.cohort.cohort import Cohort
from npc.config.method_schema import FeaturesConfig
from npc.errors import InputError
from npc.imaging.readers import Scan
from npc.imaging.slices import largest_slice, three_slices
from npc.radiomics import extract as extraction
from npc.radiomics.extract import Extracted, extract
from npc.radiomics.features import CLASSES, features
from npc.radiomics.filters import normalized
from tests.radiomics.feature_settings import PAPER
from tests.second_outlines import add_second_outlines

LOG = replace(PAPER, filters=[*PAPER.filters, "log"], sigma=[1.5, 2.0])
RAW = replace(PAPER, normalize=False, bin_count=None, bin_width=0.5)
CLIPPED = replace(PAPER, outliers=1.0, scale=1.0)
POINTWISE = ["original", "square", "squareroot", "logarithm"]  # cheap: each voxel by itself


def scan(shape: tuple[int, int, int], centre: tuple[int, int, int], seed: int = 0, whole: bool = False) -> Scan:
    """A rough volume with a blob, which may be cut off by the border."""
    draw = np.random.default_rng(seed)
    image = draw.normal(size=shape).cumsum(axis=1).cumsum(axis=2)
    at = np.indices(shape)
    far = sum(((axis - middle) / radius) ** 2 for axis, middle, radius in zip(at, centre, (3, 7, 8), strict=True))
    return Scan((np.round(30 * image) if whole else image).astype(np.float32), far < 1, (4.0, 0.7, 0.8))


def whole_image(of: Scan, mode: str, settings: FeaturesConfig) -> dict[str, float]:
    """The values of pyradiomics' own extractor on the whole image."""
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    chosen = [largest_slice(of.mask)] if mode == "max" else sorted(set(three_slices(of.mask)))
    inside = np.zeros(of.mask.shape, np.uint8)
    inside[chosen] = of.mask[chosen]
    image = of.image.astype(np.int32) if (of.image == np.round(of.image)).all() else of.image  # as in a file
    if settings.slab:
        image, inside = image[chosen], inside[chosen]
    volumes = [sitk.GetImageFromArray(array) for array in (image, inside)]
    for volume in volumes:
        volume.SetSpacing(of.spacing[::-1])
    bins = {"binCount": settings.bin_count} if settings.bin_count else {"binWidth": settings.bin_width}
    clip = {"removeOutliers": settings.outliers} if settings.outliers else {}
    choices = {
        "additionalInfo": False,
        "normalize": settings.normalize,
        "normalizeScale": settings.scale,
        **bins,
        **clip,
    }
    kinds = {"original": "Original", "square": "Square", "squareroot": "SquareRoot", "logarithm": "Logarithm",
             "exponential": "Exponential", "wavelet": "Wavelet", "log": "LoG"}  # fmt: skip
    textures = RadiomicsFeatureExtractor(**choices)
    textures.enableImageTypes(
        **{kinds[name]: {"sigma": settings.sigma} if name == "log" else {} for name in settings.filters}
    )
    shape = RadiomicsFeatureExtractor(force2D=mode == "max", **choices)
    shape.disableAllImageTypes()
    wanted = {"shape2D" if mode == "max" else "shape": []}
    found: dict[str, float] = {}
    for extractor, classes in ((textures, {name: [] for name in CLASSES if name in settings.classes}), (shape, wanted)):
        extractor.disableAllFeatures()
        extractor.enableFeaturesByName(**classes)
        with np.errstate(all="ignore"):
            found |= {name: float(value) for name, value in extractor.execute(*volumes).items()}
    return found


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """With several, the mean that pyradiomics' own normalisation takes differs in the last digit from run to run."""
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    yield
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of", "settings"),
    [
        (scan((7, 31, 40), (3, 15, 20)), LOG),
        (scan((8, 32, 41), (0, 3, 38), seed=1), PAPER),  # touches the first slice and two borders
        (scan((9, 33, 33), (8, 30, 2), seed=2), replace(RAW, filters=POINTWISE, bin_width=2.0)),
        (scan((7, 30, 30), (3, 15, 15), seed=6, whole=True), replace(RAW, filters=POINTWISE, bin_width=25.0)),
        # whole numbers: ties at the edges of bins
        (scan((12, 64, 64), (6, 30, 30), whole=True), replace(PAPER, filters=POINTWISE)),
        (scan((5, 40, 40), (2, 20, 20), seed=3), replace(CLIPPED, filters=POINTWISE)),
        (scan((2, 20, 21), (0, 10, 10), seed=4), PAPER),
        (scan((1, 20, 21), (0, 10, 10), seed=5), LOG),  # one slice: LoG can't be computed
    ],
)
def test_equal_to_the_whole_image(of: Scan, settings: FeaturesConfig):
    for mode, found in features([of], settings)[0].items():
        expected = whole_image(of, mode, settings)
        assert set(expected) <= set(found)
        assert all(found[name] is None for name in set(found) - set(expected))
        for name, value in expected.items():
            assert found[name] == (pytest.approx(value, rel=1e-9, abs=0) if np.isfinite(value) else None), name


@pytest.mark.parametrize("mode", ["max", "three"])
def test_slab_filters_the_chosen_slices_alone(mode: str):
    """The variant: with `normalize` off, as that would see other slices."""
    of, settings = (
        scan((9, 30, 30), (4, 15, 15)),
        replace(PAPER, normalize=False, slab=True, classes=["shape", "firstorder", "glcm"]),
    )
    found, expected = features([of], settings)[0][mode], whole_image(of, mode, settings)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=0)
    assert features([of], replace(settings, slab=False))[0][mode]["wavelet-LLH_firstorder_Range"] != pytest.approx(
        expected["wavelet-LLH_firstorder_Range"]
    )


@pytest.mark.slow
def test_several_readers_get_their_own_values():
    one = scan((8, 40, 40), (3, 20, 20))
    other = Scan(one.image, scan((8, 40, 40), (4, 12, 25)).mask, one.spacing)
    few = replace(PAPER, filters=["original", "wavelet"], classes=["firstorder", "glcm"])
    assert features([one, other], few) == [*features([one], few), *features([other], few)]


def test_values_do_not_depend_on_the_load():
    of = scan((24, 96, 96), (12, 40, 40))
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(8)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: normalized(of.image, PAPER).tobytes(), range(40)))
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    assert len(set(found)) == 1


def blob(pixels: list[tuple[int, int, int]], image: np.ndarray | None = None, spacing=(4.0, 0.5, 0.5)) -> Scan:
    values = np.random.default_rng(0).normal(size=(6, 12, 12)).astype(np.float32) if image is None else image
    mask = np.zeros(values.shape, bool)
    for pixel in pixels:
        mask[pixel] = True
    return Scan(values, mask, spacing)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (blob([(2, 3, 3)]), "a single pixel"),
        (blob([(2, 3, 3), (2, 3, 4), (2, 3, 5)]), "a line of 3 pixels"),
        (blob([(2, 3, 3), (3, 3, 3)]), "a single pixel"),
        (blob([(2, 3, 3), (2, 4, 3), (2, 4, 4)], np.full((6, 12, 12), 7, np.float32)), "same value everywhere"),
        (
            blob([(2, 3, 3), (2, 4, 3), (2, 4, 4)], np.where(np.arange(12) == 11, np.nan, np.ones((6, 12, 12)))),
            "72 voxels",
        ),
    ],
)
def test_an_outline_without_texture_is_refused(of: Scan, message: str):
    with pytest.raises(InputError, match=message):
        features([of], PAPER)


def test_too_many_grey_levels_are_refused():
    with pytest.raises(InputError, match=r"the image \w+ has \d+ grey levels of radiomics.features.bin_width=0.001"):
        features([scan((6, 30, 30), (3, 15, 15))], replace(RAW, bin_width=0.001))


def test_three_pixels_have_features():
    found = features([blob([(2, 3, 3), (2, 4, 3), (2, 4, 4)])], PAPER)[0]["max"]
    assert found["original_shape2D_PixelSurface"] == pytest.approx(0.75)
    assert all(value is None or np.isfinite(value) for value in found.values())


@pytest.mark.slow
def test_a_tumour_of_one_grey_level():
    of = scan((6, 30, 30), (3, 15, 15))
    image = np.where(of.mask, 5, of.image).astype(np.float32)
    found = features([Scan(image, of.mask, of.spacing)], PAPER)[0]["three"]
    assert found["original_firstorder_Range"] == pytest.approx(0)
    assert found["original_firstorder_Uniformity"] == 1
    assert all(value is None or np.isfinite(value) for value in found.values())


def test_spacing_of_ten_to_one():
    of = scan((8, 30, 30), (4, 15, 15))
    stretched = Scan(of.image, of.mask, (7.0, 0.7, 0.7))
    settings = replace(PAPER, filters=["original", "square"])
    for mode, found in features([stretched], settings)[0].items():
        expected = whole_image(stretched, mode, settings)
        assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=0)


# the store

FEW = replace(PAPER, filters=["original"], classes=["firstorder"])


@pytest.fixture(scope="module")
def extracted(drawn: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cohort and the store of its features, not to be changed."""
    home = tmp_path_factory.mktemp("extracted")
    root = shutil.copytree(drawn(seed=5, n=6, external=2, matrix=32, readers=0), home / "cohort")
    add_second_outlines(root, "cet1", again=3, another=2)
    again(opened(home))
    return home


@pytest.fixture
def cohort(extracted: Path, tmp_path: Path) -> Cohort:
    """A cohort whose features are in the store beside it."""
    return opened(shutil.copytree(extracted, tmp_path / "copy"))


def opened(home: Path) -> Cohort:
    root = home / "cohort"
    return Cohort("p", root, pd.read_csv(root / "patients.csv", index_col="patient_id"), ("cet1", "t2"))


def again(cohort: Cohort, settings: FeaturesConfig = FEW, **more: object) -> Extracted:
    return extract(cohort, "cet1", settings, store=cohort.root.parent / "store", **more)


def files(cohort: Cohort) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (cohort.root.parent / "store").rglob("features-*/*.json")}


def test_every_outline_has_its_row(cohort: Cohort):
    found = again(cohort)
    assert list(found.features["max"].index) == list(cohort.patients.index)
    assert {reader: len(of["three"]) for reader, of in found.by_reader.items()} == {
        "reader1": 6, "reader1b": 3, "reader2": 2,
    }  # fmt: skip
    table = found.outlines("max", cohort.patients.index[1:])
    assert table.groupby("reader").size().to_dict() == {"reader1": 2, "reader1b": 2, "reader2": 1}
    assert len(files(cohort)) == 11
    assert not found.failures


def test_nothing_is_computed_twice_and_stored_values_are_exact(cohort: Cohort, monkeypatch: pytest.MonkeyPatch):
    shutil.rmtree(cohort.root.parent / "store")
    first, written = again(cohort), files(cohort)
    monkeypatch.setattr(extraction, "write_text", None)
    second = again(cohort)
    assert files(cohort) == written
    assert second.hash == first.hash
    for mode in ("max", "three"):
        pd.testing.assert_frame_equal(second.features[mode], first.features[mode], check_exact=True)


def square_image(cohort: Cohort, patient: str) -> None:
    path = cohort.root / cohort.patients.loc[patient, "cet1_image"]
    sitk.WriteImage(sitk.ReadImage(path, sitk.sitkFloat32) ** 2, path)


def shrink_outline(cohort: Cohort, patient: str) -> None:
    path = cohort.root / cohort.patients.loc[patient, "cet1_mask"]
    mask = sitk.GetArrayFromImage(sitk.ReadImage(path))
    rows = np.flatnonzero(mask.any(axis=(0, 2)))
    mask[:, rows[-1]] = 0
    changed = sitk.GetImageFromArray(mask)
    changed.CopyInformation(sitk.ReadImage(path))
    sitk.WriteImage(changed, path)


@pytest.mark.parametrize("change", [square_image, shrink_outline])
def test_a_changed_file_is_computed_again(cohort: Cohort, change: Callable[[Cohort, str], None]):
    first, written = again(cohort), files(cohort)
    (patient,) = (
        p for p in cohort.patients.index[3:] if (cohort.root / cohort.patients.loc[p, "cet1_image"]).is_file()
    )
    change(cohort, patient)
    second = again(cohort, replace(FEW))
    assert len(set(files(cohort)) - set(written)) == 1
    differ = (first.features["max"] != second.features["max"]).any(axis=1)
    assert list(differ[differ].index) == [patient]
    assert second.hash != first.hash


@pytest.mark.parametrize(
    "other",
    [{"bin_count": 16}, {"normalize": False}, {"scale": 10.0}, {"outliers": 3.0}, {"classes": ["firstorder", "ngtdm"]}],
)
def test_other_settings_have_rows_of_their_own(cohort: Cohort, other: dict):
    first, written = again(cohort), files(cohort)
    second = again(cohort, replace(FEW, **other))
    assert len(files(cohort)) == 2 * len(written)
    assert second.hash != first.hash


def test_an_interrupted_extraction_resumes(cohort: Cohort):
    first, written = again(cohort), files(cohort)
    lost = sorted(written)[::2]
    for path in lost:
        path.unlink()
    pd.testing.assert_frame_equal(again(cohort).features["max"], first.features["max"], check_exact=True)
    assert {path for path, time in files(cohort).items() if written[path] != time} == set(lost)


def single_pixel(cohort: Cohort, column: str, patient: str) -> None:
    path = cohort.root / cohort.patients.loc[patient, column]
    mask = sitk.GetArrayFromImage(sitk.ReadImage(path)) * 0
    mask[mask.shape[0] // 2, 4, 4] = 1
    changed = sitk.GetImageFromArray(mask)
    changed.CopyInformation(sitk.ReadImage(path))
    sitk.WriteImage(changed, path)


def test_patients_without_features_are_reported_or_excluded(cohort: Cohort, caplog: pytest.LogCaptureFixture):
    one, other, reader = cohort.patients.index[[0, 4, 1]]
    for column, patient in (("cet1_mask", one), ("cet1_mask", other), ("cet1_mask_reader2", reader)):
        single_pixel(cohort, column, patient)
    with pytest.raises(InputError) as caught:
        again(cohort)
    faults = caught.value.faults
    assert [f"patient {patient}" in fault for patient, fault in zip((one, reader, other), faults, strict=False)] == [
        True
    ] * 3
    assert "single pixel" in faults[0]
    assert "radiomics.missing=exclude" in faults[-1]
    found = again(cohort, missing="exclude")
    assert set(found.failures) == {one, other}
    assert set(found.features["max"].index) == set(cohort.patients.index) - {one, other}
    assert f"patient {reader}: the outline of reader2 is not used" in caplog.text


def test_the_store_holds_plain_json(cohort: Cohort):
    again(cohort)
    values = json.loads(next(iter(files(cohort))).read_text())
    assert set(values) == {"max", "three"}
    assert set(values["max"]) >= {"original_firstorder_Mean"}
