"""The aggressiveness in three parts, and what the images show of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.errors import InputError
from npc.phantom.options import Options
from npc.phantom.parts import PARTS, read_shares
from tests.phantom.draws import draw

SHOWN = [f"{sequence}_{part}_shown" for sequence in ("cet1", "t2") for part in PARTS]


@pytest.mark.slow
def test_parts_are_independent_and_carry_their_shares():
    patients = draw(0, 4000, signal_in="size:0.2+texture:0.5+necrosis:0.3")
    parts = patients[[f"{part}_part" for part in PARTS]]
    error = 4 / np.sqrt(len(patients))
    np.testing.assert_allclose(parts.corr(), np.eye(3), atol=error)
    np.testing.assert_allclose(parts.std(), 1, atol=error)
    weight = np.linalg.lstsq(parts, patients["aggressiveness"])[0]
    np.testing.assert_allclose(weight**2, [0.2, 0.5, 0.3])
    # what the sequences show: correlated as declared with its own part, not with the others
    found = pd.concat([parts, patients[SHOWN]], axis=1).corr().loc[SHOWN, list(parts)]
    expected = np.vstack([0.97 * np.eye(3), 0.35 * np.eye(3)])
    np.testing.assert_allclose(found, expected, atol=error)
    together = patients[["aggressiveness", "cet1_shown", "t2_shown"]]
    np.testing.assert_allclose(together.std(), 1, atol=error)
    assert together.corr()["aggressiveness"]["t2_shown"] == pytest.approx(0.35, abs=error)


def test_where_the_signal_lies_changes_neither_age_nor_stage():
    one, other = draw(0, 40, signal_in="size"), draw(0, 40, signal_in="joint")
    same = ["patient_id", "age", "sex", "t_stage", "n_stage", "ebv_dna", "histology"]
    pd.testing.assert_frame_equal(one[same], other[same])
    assert not np.allclose(one["aggressiveness"], other["aggressiveness"])


@pytest.mark.slow
def test_a_size_that_means_nothing_varies_as_much():
    texture, size = draw(0, 500, signal_in="texture"), draw(0, 500, signal_in="size")
    pd.testing.assert_series_equal(texture["cet1_size_shown"], size["cet1_size_shown"])


@pytest.mark.slow
@given(st.lists(st.integers(0, 100), min_size=3, max_size=3).filter(any))
def test_shares_are_read_as_written(weights):
    shares = dict(zip(PARTS, (np.array(weights) / sum(weights)).tolist(), strict=True))
    assert read_shares("+".join(f"{part}:{share!r}" for part, share in shares.items())) == pytest.approx(shares)


@pytest.mark.parametrize("wrong", ["", "volume", "size:0.5", "size:0.5+volume:0.5", "size:2+texture:-1", "size:1.0.0"])
def test_other_words_are_refused(wrong):
    with pytest.raises(InputError, match="must be joint, mixed, size, texture, necrosis, or shares that sum to 1"):
        Options.of({"signal_in": wrong})
