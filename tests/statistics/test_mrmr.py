"""mRMR against mRMRe's own selections, and what must hold of any data."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.mrmr import mrmr

FOLDER = Path(os.environ.get("NPC_DATA", Path(__file__).parents[3] / "shared" / "data")) / "mrmr"


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no data at {FOLDER} (NPC_DATA)")
@pytest.mark.parametrize("case", [0, 1])
def test_solutions_and_their_order_are_those_of_mrmre(case):
    data = pd.read_csv(FOLDER / "cgps_ge.csv", index_col=0)
    wanted = json.loads((FOLDER / "expected.json").read_text())["cases"][case]
    target = data.pop(wanted["target"])
    assert mrmr(target, data, wanted["length"], wanted["solutions"]) == wanted["expected"]


def draw(seed, patients=40, features=12):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(patients, features)) + rng.normal(size=(patients, 1))
    return x[:, 0] + x[:, 1] + rng.normal(size=patients), x


@given(st.integers(0, 10**6))
def test_each_feature_is_the_best_next_by_the_definition(seed):
    target, x = draw(seed)
    r = np.corrcoef(np.column_stack([x, target]), rowvar=False)
    np.fill_diagonal(r, 0)
    information = -np.log(1 - r**2) / 2
    chosen = mrmr(target, x, 8)[0]
    assert len(set(chosen)) == 8
    for length, column in enumerate(chosen):
        taken = chosen[:length]
        score = information[-1, :-1] - (information[taken, :-1].mean(axis=0) if taken else 0)
        score[taken] = -np.inf
        assert column == score.argmax()


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_order_and_units_of_the_columns_do_not_matter(seed, solutions):
    target, x = draw(seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(x.shape[1])
    other = x[:, order] * 10 ** rng.uniform(-3, 3, x.shape[1]) * rng.choice([-1, 1], x.shape[1])
    found = mrmr(5 - 3 * target, other + rng.normal(size=x.shape[1]), 6, solutions)
    assert [[int(order[column]) for column in one] for one in found] == mrmr(target, x, 6, solutions)


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_solutions_are_different_sets_and_the_last_is_the_classic_one(seed, solutions):
    target, x = draw(seed)
    found = mrmr(target, x, 4, solutions)
    assert len({frozenset(one) for one in found}) == solutions
    assert found[-1] == mrmr(target, x, 4)[0]


def test_a_repeated_feature_comes_last_and_of_tied_ones_the_first_is_taken():
    target, x = draw(3)
    wider = np.column_stack([x, x[:, [4]] * -2 + 7, x[:, :2]])
    chosen = mrmr(target, wider, wider.shape[1])[0]
    assert chosen[: x.shape[1]] == mrmr(target, x, x.shape[1])[0]
    assert set(chosen[-3:]) == {12, 13, 14}


def test_very_large_and_small_values_are_borne():
    target, x = draw(4)
    assert mrmr(target, x * np.array([1e-200, 1e150] * 6), 5) == mrmr(target, x, 5)


def test_what_cannot_be_is_told():
    target, x = draw(5)
    with pytest.raises(NotEstimable, match="does not vary"):
        mrmr(target, np.column_stack([x, np.full(len(x), 0.1)]), 2)
    with pytest.raises(NotEstimable, match="2 different solutions"):
        mrmr(target, x[:, :2], 2, 2)
    for keep, solutions in ((0, 1), (13, 1), (2, 0), (2, 13)):
        with pytest.raises(ValueError, match="must lie between 1 and the number of features, 12"):
            mrmr(target, x, keep, solutions)
    with pytest.raises(ValueError, match="not finite"):
        mrmr(np.where(target > 0, np.nan, target), x, 2)
    with pytest.raises(ValueError, match="shape"):
        mrmr(target[1:], x, 2)
