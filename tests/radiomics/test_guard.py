"""The guard names features without information on a tumour, no others, and uses training patients only."""

import logging

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from npc.errors import InputError
from npc.radiomics.guard import guard

PATIENTS = 8
CLASSES = ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
# Twice JointAverage, on every image.
TWICE = "glcm_SumAverage"


def tumour(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A volume of structure at several scales, and an ellipsoid on slices 3 to 7."""
    draw = np.random.default_rng(seed)
    image = draw.normal(size=(10, 24, 26)).cumsum(axis=1) + draw.normal(size=(10, 24, 26)).cumsum(axis=2)
    z, y, x = np.indices(image.shape)
    radius = 4 + 4 * draw.random(2)
    mask = ((z - 5) / 3) ** 2 + ((y - 12) / radius[0]) ** 2 + ((x - 13) / radius[1]) ** 2 < 1
    return image, mask


def extracted(seed: int, slices: str, slab: bool, change=None) -> dict[str, float]:
    """Features of such a tumour with the paper's settings."""
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    image, mask = tumour(seed)
    if change is not None:
        image = change(image)
    chosen = [5] if slices == "max" else [4, 5, 6]
    inside = np.zeros(mask.shape, np.uint8)
    inside[chosen] = mask[chosen]
    image = 100 * (image - image.mean()) / image.std()
    if slab:
        image, inside = image[chosen], inside[chosen]
    volumes = [sitk.GetImageFromArray(array) for array in (image, inside)]
    for volume in volumes:
        volume.SetSpacing((0.5 + seed / 50, 0.5 + seed / 50, 4.0 + seed / 20))  # of several scanners
    one = slices == "max"
    extractor = RadiomicsFeatureExtractor(binCount=32, additionalInfo=False)
    extractor.enableImageTypes(Wavelet={}, Square={}, SquareRoot={}, Logarithm={}, Exponential={})
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(**{kind: [] for kind in CLASSES})
    shape = RadiomicsFeatureExtractor(force2D=one, additionalInfo=False)
    shape.disableAllFeatures()
    shape.enableFeaturesByName(**{"shape2D" if one else "shape": []})
    with np.errstate(all="ignore"):
        found = extractor.execute(*volumes) | shape.execute(*volumes)
    return {name: float(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def tables() -> dict[tuple[str, bool], pd.DataFrame]:
    """Features of eight tumours by slices and slab."""
    return {
        (slices, slab): pd.DataFrame([extracted(seed, slices, slab) for seed in range(PATIENTS)])
        for slices in ("max", "three")
        for slab in (False, True)
    }


def images(names) -> set[str]:
    return {name.partition("_")[0] for name in names}


@pytest.mark.slow
@pytest.mark.parametrize(("slices", "slab"), [("max", False), ("three", False), ("three", True)])
def test_known_set_where_every_band_has_detail(tables, slices, slab):
    table = tables[slices, slab]
    found = guard(table, table.index, slices=slices, slab=slab)
    expected = {f"{image}_{TWICE}" for image in images(table)}
    assert len(expected) == 13
    assert set(found) == expected | ({"original_shape_LeastAxisLength"} if slices == "three" else set())


@pytest.mark.slow
def test_known_set_of_one_slice_filtered_alone(tables):
    """What is high-pass across slices: 4 bands of 93 features."""
    table = tables["max", True]
    found = guard(table, table.index, slices="max", slab=True)
    noise = {f"wavelet-{plane}H" for plane in ("LL", "LH", "HL", "HH")}
    expected = {name for name in table if name.partition("_")[0] in noise}
    assert len(expected) == 4 * 93
    assert set(found) == expected | {f"{image}_{TWICE}" for image in images(table)}


@pytest.mark.slow
def test_a_prefix_does_not_change_the_result(tables):
    table = tables["max", True]
    found = guard(table, table.index, slices="max", slab=True)
    prefixed = table.add_prefix("cet1_")
    assert list(guard(prefixed, table.index, slices="max", slab=True)) == [f"cet1_{name}" for name in found]
    assert list(guard(prefixed, table.index, slices="max")) == [f"cet1_{name}" for name in found]


@pytest.mark.slow
def test_noise_is_found_by_its_values_too(tables):
    """As on a volume that has one slice, or slices that are copies: the values show it."""
    table = tables["max", True]
    assert set(guard(table, table.index, slices="max", slab=False)) == set(
        guard(table, table.index, slices="max", slab=True)
    )


@pytest.mark.slow
def test_the_kept_features_do_not_depend_on_a_change_of_1e_12(tables):
    """And the noise does not: it is another number altogether."""

    def rounded(image):
        return image * (1 + 1e-12 * np.random.default_rng(1).normal(size=image.shape))

    for (slices, slab), table in tables.items():
        again = pd.DataFrame([extracted(seed, slices, slab, rounded) for seed in range(4)])
        change = (again - table.loc[:3]).abs().median() / table.std()
        found = guard(table, table.index, slices=slices, slab=slab)
        assert change.drop(list(found)).max() < 0.01
        texture = [name for name in found if "H_gl" in name and found[name].startswith("rounding")]
        assert not texture or change[texture].median() > 0.1


def test_shape_features_that_depend_on_slice_thickness_are_excluded():
    names = [f"original_{name}" for name in ("shape_Flatness", "shape2D_Sphericity", "shape_LeastAxisLength")]
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 3)), columns=names)
    assert list(guard(table, table.index, slices="max")) == [names[0], names[2]]
    assert list(guard(table, table.index, slices="three")) == [names[1], names[2]]


@pytest.mark.slow
def test_total_energy_is_redundant_where_all_voxels_have_one_size(tables):
    """TotalEnergy is energy times the voxel's volume: kept where scanners differ, as they do here."""
    table = tables["three", False]
    name = "original_firstorder_TotalEnergy"
    assert name not in guard(table, table.index, slices="three")
    table = table.assign(**{name: table["original_firstorder_Energy"] * 0.7})
    assert guard(table, table.index, slices="three")[name].startswith("original_firstorder_Energy times a factor")


def signals() -> pd.DataFrame:
    draw = np.random.default_rng(2)
    columns = {f"original_glcm_Signal{exponent}": 10.0**exponent * draw.normal(size=60) for exponent in range(-12, 13)}
    columns |= {
        "original_firstorder_Energy": 1e9 + draw.normal(size=60) * 1e3,  # a part in a million
        "original_firstorder_Minimum": np.repeat([0.0, 1.0], [58, 2]),
        "original_gldm_Count": draw.integers(0, 3, 60).astype(float),
        "age": draw.normal(size=60),
    }
    return pd.DataFrame(columns, index=[f"patient_{k}" for k in range(60)])


def test_planted_faults_are_excluded_and_signals_are_kept():
    table, draw = signals(), np.random.default_rng(3)
    first = table["original_glcm_Signal0"]
    table["a_glcm_Constant"] = 0.1
    table["a_glcm_Rounding"] = 1e6 * (1 + 1e-13 * draw.normal(size=60))
    table["a_glcm_Zero"] = 0.0
    table["a_glcm_One"] = np.repeat([0.3, 7.0], [59, 1])
    table["a_glcm_Again"] = 3 - 2 * first * (1 + 1e-14 * draw.normal(size=60))
    table["a_glcm_Nearly"] = first + 1e-5 * draw.normal(size=60)
    table["a_glcm_Missing"] = first.where(first < first.max())
    table["a_glcm_Infinite"] = draw.normal(size=60)
    table.iloc[0, -1] = np.inf
    # A mean that the normalisation made 0, and the range of the same image.
    table["b_firstorder_Mean"] = 1e-14 * draw.normal(size=60)
    table["b_firstorder_Range"] = 100 + draw.normal(size=60)
    # A band that is rounding noise in one patient, and one that is weak but real.
    table["original_firstorder_Range"] = 100 + draw.normal(size=60)
    for band, size in (("wavelet-LLH", 1e-13), ("log-sigma-2-0-mm-3D", 1e-3)):
        table[f"{band}_firstorder_Range"] = table[f"{band}_glcm_Contrast"] = 100 + draw.normal(size=60)
        table[f"{band}_glcm_Contrast"] = draw.normal(size=60)
        table.loc["patient_7", f"{band}_firstorder_Range"] = size
    found = guard(table, table.index, slices="three")
    expected = {
        "a_glcm_Constant": "the same",
        "a_glcm_Rounding": "the same",
        "a_glcm_Zero": "the same",
        "a_glcm_One": "the same in all training patients but one",
        "a_glcm_Again": "original_glcm_Signal0 times a factor",
        "a_glcm_Missing": "not defined in 1 of 60",
        "a_glcm_Infinite": "not defined in 1 of 60",
        "b_firstorder_Mean": "the same",
        "wavelet-LLH_firstorder_Range": "rounding noise",
        "wavelet-LLH_glcm_Contrast": "rounding noise",
    }
    assert set(found) == set(expected)
    assert [name for name, reason in expected.items() if not found[name].startswith(reason)] == []


def test_an_image_of_one_grey_level_in_one_patient():
    """Features that are 0 / 0 in this patient are left out, the others are kept."""
    draw = np.random.default_rng(4)
    names = ["Correlation", "MCC", "Imc1", "Imc2", "Contrast", "JointEnergy"]
    table = pd.DataFrame({f"square_glcm_{name}": draw.random(20) for name in names})
    assert guard(table, table.index, slices="three") == {}
    table.loc[3, "square_glcm_JointEnergy"] = 1.0
    assert list(guard(table, table.index, slices="three")) == [f"square_glcm_{name}" for name in names[:4]]


def test_only_training_patients_are_used():
    table = signals()
    training = table.index[:40]
    table["a_glcm_Held"] = np.repeat([1.0, 2.0], [40, 20])
    spoilt = table.copy()
    spoilt.loc[table.index[40:]] = np.nan
    for held in (table, spoilt, table.loc[training]):
        found = guard(held, training, slices="three")
        assert found == {"original_firstorder_Minimum": found["a_glcm_Held"], "a_glcm_Held": found["a_glcm_Held"]}
    assert "a_glcm_Held" not in guard(table, table.index, slices="three")


@given(
    seed=st.integers(0, 2**16),
    patients=st.integers(5, 40),
    scale=st.floats(-12, 12),
    offset=st.floats(-1e3, 1e3),
)
def test_features_with_a_signal_are_never_excluded(seed, patients, scale, offset):
    """Of any unit, with an offset of up to a thousand times its spread."""
    draws = np.random.default_rng(seed).normal(size=(patients, 30)) + offset
    table = pd.DataFrame(draws * 10**scale, columns=[f"wavelet-HHH_glszm_F{k}" for k in range(30)])
    assert guard(table, table.index, slices="max", slab=False) == {}


@pytest.mark.parametrize(("slices", "training"), [("two", [0]), ("max", ["nobody"])])
def test_invalid_input_is_reported(slices, training):
    with pytest.raises(InputError, match=r"slices=two|no training patients"):
        guard(pd.DataFrame({"original_glcm_Imc1": [1.0]}), training, slices=slices)
