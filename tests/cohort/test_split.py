import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.cohort.split import split, split_hash, write_splits
from npc.errors import InputError


def cohort(**events_by_centre: tuple[int, int]) -> pd.DataFrame:
    """Patients by centre: (with the event, without)."""
    rows = [
        (f"{centre}{i:03}", centre, int(i < events))
        for centre, (events, others) in events_by_centre.items()
        for i in range(events + others)
    ]
    return pd.DataFrame(rows, columns=["patient_id", "centre", "dm_event"]).set_index("patient_id")


def sizes(splits: pd.Series) -> tuple[int, int, int]:
    return tuple(int((splits == name).sum()) for name in ("train", "validation", "test"))


PAPER = cohort(H1=(73, 115), H2=(13, 32))


def by_centre(patients: pd.DataFrame, seed: int = 0, **changes: object) -> pd.Series:
    return split(patients, "dm_event", **({"by": "by_centre", "seed": seed, "validation": 0.1} | changes))


def at_random(patients: pd.DataFrame, seed: int = 0, **changes: object) -> pd.Series:
    return split(patients, "dm_event", **({"by": "random", "seed": seed, "validation": 0.15, "test": 0.15} | changes))


def test_the_split_has_the_papers_sizes():
    splits = by_centre(PAPER)
    assert sizes(splits) == (169, 19, 45)
    assert set(splits[PAPER["centre"] == "H2"]) == {"test"}
    assert splits.index.name == "patient_id"


@pytest.mark.slow
@given(seed=st.integers(0, 2**32 - 1), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed, order):
    patients = cohort(A=(30, 30), B=(15, 20))  # so many that each draw has both
    rows = patients.index.to_list()
    order.shuffle(rows)
    for draw in (by_centre, at_random):
        settings = {"validation": 0.4}
        assert draw(patients, seed, **settings).equals(draw(patients.loc[rows], seed, **settings))


@given(
    events=st.integers(3, 60),
    others=st.integers(3, 60),
    validation=st.floats(0.05, 0.45),
    test=st.floats(0.05, 0.45),
    seed=st.integers(0, 1000),
)
def test_random_splits_cover_all_patients_and_are_stratified(events, others, validation, test, seed):
    patients = cohort(A=(events, others))
    splits = at_random(patients, seed, validation=validation, test=test)
    assert splits.index.tolist() == sorted(patients.index)
    assert set(splits) == {"train", "validation", "test"}
    for outcome, n in ((1, events), (0, others)):
        shares = sizes(splits[patients["dm_event"] == outcome])
        assert min(shares) >= 1
        for share, fraction in zip(shares, (1 - validation - test, validation, test), strict=True):
            # Within one of the exact share, but for patients lent to a split that would have none.
            assert share == 1 or math.floor(n * fraction) - 2 <= share <= math.ceil(n * fraction)


def test_sixteen_patients_with_seven_events_are_enough():
    patients = cohort(McGill=(7, 9))
    for seed in range(20):
        splits = at_random(patients, seed)
        assert sizes(splits) == (11, 3, 2)
        assert patients["dm_event"].groupby(splits).nunique().eq(2).all()


def test_the_papers_draw_and_the_random_one_are_those_of_earlier_versions():
    """Computed by commit 295ea2b, before hospitals could be named and the draw stratified."""
    draws = by_centre(PAPER), by_centre(PAPER, 3, validation=0.3), at_random(PAPER)
    assert [split_hash(of)[:16] for of in draws] == ["14e3e6633d1eec0b", "c3ede44b608606ca", "6a9a3d25008a6440"]


def test_the_seed_changes_the_draw():
    assert not by_centre(PAPER, 1).equals(by_centre(PAPER, 2))
    assert by_centre(PAPER, 1).equals(by_centre(PAPER, 1))


def test_the_development_centre_is_the_largest_or_the_one_named():
    assert (by_centre(cohort(B=(9, 11), A=(9, 11)), validation=0.5)[:20] != "test").all()  # a tie: A
    named = by_centre(PAPER, development="H2", validation=0.3)
    assert set(named[PAPER["centre"] == "H1"]) == {"test"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"development": "H3"}, "split.development: there is no centre 'H3'; choose one of H1, H2"),
        ({"validation": 0}, "split.validation is 0; choose a fraction between 0 and 1"),
        ({"validation": 1.2}, "split.validation is 1.2"),
        ({"by": "hospital"}, "split.by is 'hospital'; choose by_centre, leave_one_centre_out or random"),
        ({"by": "random", "test": 0}, "split.test is 0; choose a fraction between 0 and 1"),
        ({"by": "random", "validation": 0.6, "test": 0.5}, "split.validation and split.test are 0.6 and 0.5"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    with pytest.raises(InputError) as caught:
        by_centre(PAPER, **changes)
    assert message in str(caught.value)


THREE = cohort(A=(20, 30), B=(10, 20), C=(12, 18), D=(4, 6))


def test_hospitals_that_are_named_train_and_test_and_others_are_in_no_split():
    splits = by_centre(THREE, development=["B", "A"], test=["C"])
    centres = THREE["centre"][splits.index]
    assert set(centres) == {"A", "B", "C"}
    assert set(centres[splits == "test"]) == {"C"}
    assert sizes(splits) == (72, 8, 30)
    assert splits.equals(by_centre(THREE, development=["A", "B"], test="C"))
    rest = by_centre(THREE, test=["C"])  # all others develop
    assert set(THREE["centre"][rest != "test"]) == {"A", "B", "D"}
    assert by_centre(THREE, by="leave_one_centre_out", test=["C"]).equals(rest)


def test_a_stratified_draw_has_the_share_of_events_and_the_size_of_the_papers():
    for seed in range(20):
        splits = by_centre(PAPER, seed, stratify=True)
        assert sizes(splits) == (169, 19, 45)
        assert PAPER["dm_event"][splits == "validation"].sum() == 7  # 73 of 188
    assert len({by_centre(PAPER, seed)[PAPER["dm_event"] == 1].eq("validation").sum() for seed in range(20)}) > 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": ["X"]}, "split.test: there is no centre 'X'; choose one of A, B, C, D"),
        ({"development": ["A", "X"]}, "split.development: there is no centre 'X'"),
        ({"development": ["A", "B"], "test": ["B"]}, "split.development and split.test both name B"),
        ({"test": 0.2}, "split.test is 0.2, a number; name hospitals"),
        ({"by": "leave_one_centre_out"}, "split=leave_one_centre_out: a run tests on one hospital; name it"),
        ({"by": "random", "test": ["A"]}, "split.test is ['A']; choose a fraction between 0 and 1"),
    ],
)
def test_hospitals_that_cannot_be_used_are_named(changes, message):
    with pytest.raises(InputError) as caught:
        by_centre(THREE, **changes)
    assert message in str(caught.value)


def test_hospitals_of_one_class_alone_are_refused_where_hospitals_are_named():
    patients = cohort(A=(20, 30), B=(0, 9), C=(12, 18))
    with pytest.raises(InputError, match=r"split\.test: all 9 patients of B have no event"):
        by_centre(patients, test=["B"])
    with pytest.raises(InputError, match=r"split\.development: all 9 patients of B have no event"):
        by_centre(patients, development=["B"], test=["C"])
    assert set(by_centre(patients, test=["C"]).index.str[0]) == {"A", "B", "C"}  # with another hospital it can develop
    assert set(by_centre(patients, development=["A"], test=["C"]).index.str[0]) == {"A", "C"}
    assert sizes(by_centre(patients)) == (45, 5, 39)  # as before


def test_one_centre_needs_a_random_split():
    with pytest.raises(InputError, match=r"all 20 patients are from A, .*; use split=random"):
        by_centre(cohort(A=(10, 10)))


def test_too_few_patients_are_reported_with_the_counts():
    with pytest.raises(InputError) as caught:
        by_centre(cohort(A=(4, 6), B=(1, 1)))
    assert "split: too few patients in validation: train 9 (" in str(caught.value)
    assert "test 2 (1 with the event)" in str(caught.value)
    with pytest.raises(InputError, match=r"too few patients in validation: train 4 \(1 with the event\), validation 1"):
        at_random(cohort(A=(1, 5)))
    with pytest.raises(InputError, match=r"too few patients in test: .* test 0"):
        at_random(cohort(A=(2, 2)))


def test_the_hash_is_that_of_the_sorted_lines_in_the_file(tmp_path):
    splits = pd.Series({"b": "test", "a": "train", "c": "validation"})
    # printf 'a,train\nb,test\nc,validation\n' | sha256sum
    assert split_hash(splits) == "40c16d85771ba3f2d15017a88351b83a50f2c0f231a2c70e455233ade0670caa"
    assert split_hash(splits) == split_hash(splits.iloc[::-1])
    write_splits(splits, tmp_path / "run" / "splits.csv")
    assert (tmp_path / "run" / "splits.csv").read_bytes() == b"patient_id,split\na,train\nb,test\nc,validation\n"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["splits.csv"]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"splits\.csv can't be written: .*; free some space or choose another folder"):
        write_splits(pd.Series({"a": "train"}), tmp_path / "file" / "splits.csv")
