"""What cohorts are called."""

from npc.names import series_labels, split_titles, variant_in_words


def test_a_test_cohort_is_external_only_where_its_hospitals_develop_nothing():
    apart = split_titles(["train", "validation", "test"], ["A", "A", "B"])
    assert apart == {"train": "Training", "validation": "Internal validation", "test": "External test"}
    for shared in (["A", "B", "A"], ["B", "A", "A"]):
        assert split_titles(["train", "validation", "test"], shared)["test"] == "Test"


def test_a_split_without_patients_has_no_title():
    assert list(split_titles(["test", "train"], ["B", "A"])) == ["train", "test"]


def test_each_variant_has_words():
    paper = series_labels(["cet1", "t2"], {})
    assert variant_in_words("cet1-all", paper) == ("CET1-w", "All slices")
    assert variant_in_words("cet1@ring5-max", paper) == ("CET1-w, ring5", "Max slice")
    assert variant_in_words("both-max", paper) == ("CET1-w + T2-w", "Max slice")
    sarcoma = series_labels(["mr_t1", "ct"], {"mr_t1": "T1-w"})
    assert variant_in_words("both-max", sarcoma) == ("T1-w + ct", "Max slice")
    three = series_labels(["cet1", "t2", "adc"], {"adc": "ADC"})
    assert variant_in_words("cet1+adc-three", three) == ("CET1-w + ADC", "Multiple slices")
