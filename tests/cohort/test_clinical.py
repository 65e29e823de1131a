"""Clinical variables as a config declares them."""

from npc.cohort.clinical import parse


def test_a_variable_is_printed_by_its_label_or_by_its_name_with_blanks():
    first, second = parse({"n_stage": {"kind": "continuous"}, "age": {"kind": "continuous", "label": "Age (years)"}})
    assert (first.title, second.title) == ("n stage", "Age (years)")
    assert (first.name, second.name) == ("n_stage", "age")
