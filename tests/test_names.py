"""What cohorts are called."""

from npc.names import split_titles


def test_a_test_cohort_is_external_only_where_its_hospitals_develop_nothing():
    apart = split_titles(["train", "validation", "test"], ["A", "A", "B"])
    assert apart == {"train": "Training", "validation": "Internal validation", "test": "External test"}
    for shared in (["A", "B", "A"], ["B", "A", "A"]):
        assert split_titles(["train", "validation", "test"], shared)["test"] == "Test"


def test_a_split_without_patients_has_no_title():
    assert list(split_titles(["test", "train"], ["B", "A"])) == ["train", "test"]
