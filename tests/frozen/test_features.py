"""Features of patients: pooled over slices, each computed once and found again by its pixels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from npc.frozen.encoder import Encoder
from npc.frozen.features import encode
from npc.imaging.store import Slices
from tests.frozen.test_encoder import encoder

PATIENTS = pd.Index(["a", "b", "c"])


@pytest.fixture(scope="module")
def network() -> Encoder:
    return encoder()


@pytest.fixture
def slices() -> Slices:
    array = np.random.default_rng(0).integers(1, 256, (3, 3, 32, 32)).astype(np.uint8)
    array[1, 0] = 0  # a neighbour without outline
    return Slices(array, {"a": 2, "b": 1, "c": 0}, "")


def test_the_mean_of_the_slices_with_an_outline(network: Encoder, slices: Slices, tmp_path: Path):
    table = encode(network, slices, PATIENTS, "three", tmp_path, "t2")
    assert list(table.columns[[0, -1]]) == ["t2_0", "t2_511"]
    for patient, planes in (("a", [0, 1, 2]), ("b", [1, 2])):
        row = slices.array[slices.rows[patient]]
        expected = np.mean([network.features(row[[plane]]) for plane in planes], axis=0, dtype=float)
        np.testing.assert_array_equal(table.loc[patient], expected)


def test_the_largest_slice_is_the_middle_one_and_is_found_again(
    network: Encoder, slices: Slices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    encode(network, slices, PATIENTS, "three", tmp_path, "t2")
    expected = network.features(slices.array[2, 1:2])
    monkeypatch.setattr(network, "features", None)  # nothing is computed again
    table = encode(network, slices, PATIENTS, "max", tmp_path, "cet1")
    np.testing.assert_array_equal(table.loc["a"], expected.astype(float))
    assert len(list(tmp_path.glob("encoder-*/*.npy"))) == 8
    changed = Slices(slices.array + np.uint8(1), slices.rows, "")
    with pytest.raises(TypeError):
        encode(network, changed, PATIENTS, "max", tmp_path, "cet1")
