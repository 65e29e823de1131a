"""Checklists: all items by their published numbers, and answers that rest on what is on record alone."""

import re

import pytest

from npc.report.kit.page import write_page
from npc.report.reviewer import checklists
from npc.report.reviewer.checklists import Checklist, answer, items, sections
from npc.report.reviewer.record import Record
from npc.report.reviewer.wording import worded

PARTS = {3: "abc", 5: "ab", 6: "abc", 8: "abc", 9: "abc", 12: "abcdefg", 18: "abcdef", 20: "abc", 23: "ab", 27: "abc"}


def numbers(name: str) -> list[str]:
    return [item.item for item in items(name)[1]]


def test_the_items_are_those_of_the_publications():
    parts = [f"{number}{part}" for number in range(1, 28) for part in PARTS.get(number, [""])]
    assert len(parts) == 52
    assert numbers("tripod_ai") == parts
    assert numbers("claim_2024") == [str(number) for number in range(1, 45)]
    of_metrics = numbers("metrics")
    assert [number for number in of_metrics if number.isdigit()] == [str(number) for number in range(1, 31)]
    assert [number for number in of_metrics if not number.isdigit()] == [f"Condition {i}" for i in range(1, 6)]
    assert len({item.section for item in items("metrics")[1]}) == 9


@pytest.mark.parametrize("name", checklists.NAMES)
def test_every_answer_has_a_source_and_only_what_software_can_know_has_an_answer(name):
    for item in items(name)[1]:
        assert item.asks, item
        assert item.knowable or not item.says, item
        for sentence in item.says:
            assert re.search(r"\{[a-z0-9_]+\.[^{}]+\}", sentence.says), item


def record(**results: object) -> Record:
    report = {"choices": {"report": {"ci": "logit"}}}
    return Record({"provenance": report, **results}, {}, {}, {}, {})


def only(found: list[Checklist], name: str, item: str) -> checklists.Answer:
    (checklist,) = (one for one in found if one.name == name)
    return next(one for one in checklist.answers if one.item.item == item)


def test_what_is_not_on_record_is_left_to_the_author():
    found = answer(record())
    assert not any(one.text or one.source for checklist in found for one in checklist.answers)
    table = found[0].table()
    assert set(table["status"]) == set(table["answer"]) == {"author to fill"}
    assert "0 of the" in found[0].share()


def test_an_answer_names_its_values_and_their_paths():
    auc = {"estimate": 0.75, "ci": [0.6, 0.9], "ci_logit": [0.58, 0.87], "n": 50, "events": 20}
    lost = {"estimate": None, "ci": None, "n": 9, "events": 0, "note": "not estimable: there is no event"}
    train = {"train": {"auc": auc}, "validation": {"auc": lost}}
    found = answer(record(models={"combined": train, "clinical": train}))
    one = only(found, "tripod_ai", "23a")
    assert "training: Combined model: 0.750 (0.580–0.870); Clinical model: 0.750" in one.text
    assert "Internal validation: Combined model: not estimable: there is no event" in one.text
    assert "test" not in one.text  # there is no test cohort, so that its sentence is left out
    assert one.source == "results.json: models.*.train.auc; results.json: models.*.validation.auc"
    assert only(found, "tripod_ai", "21").source.startswith("results.json: models.combined.train.auc.n;")


def test_an_internal_test_is_not_called_external():
    results = {"models": {"clinical": {"test": {"auc": {"estimate": 0.7, "ci": [0.6, 0.8]}}}}}
    base = record(**results)
    base.results["provenance"]["patients"] = {"train": 9, "test": 5}
    for title, said in (("External test", "AUC in test patients"), ("Test", "there is no external testing")):
        found = answer(Record(base.results, {}, {}, {"train": "Training", "test": title}, {}))
        assert said in only(found, "claim_2024", "33").text
        assert ("neither train" in only(found, "metrics", "27").text) == (title == "External test")


def test_configs_of_several_runs_are_told_apart_and_of_one_run_are_not():
    networks = {"deep_learning": {"sequence": "t2", "slices": "max"}}
    several = {**networks, "radiomic": {"sequence": "cet1", "slices": "all"}}
    one = Record(record().results, networks, {}, {}, {"deep_learning": "a1"})
    assert only(answer(one), "claim_2024", "10").text == "Sequence t2, slices max, within the outline of the tumour."
    both = Record(record().results, several, {}, {}, {"deep_learning": "a1", "radiomic": "b2"})
    found = only(answer(both), "claim_2024", "10")
    assert "Deep-learning signature: t2; Radiomic signature: cet1" in found.text
    assert found.source == "config.yaml of run a1, b2: sequence; config.yaml of run a1, b2: slices"


def test_the_page_shows_names_of_hospitals_as_text(tmp_path):
    hostile = record(flow={"centres": ["<script>x</script>"], "steps": []})
    write_page(tmp_path / "page.html", "Checklists", sections(answer(hostile)))
    text = (tmp_path / "page.html").read_text()
    assert "&lt;script&gt;x" in text
    assert "<script>" not in text


def test_values_as_text():
    assert worded({"a": True, "b": None, "c": [1, 2.5], "ci": [-0.1, 0.25]}) == "a yes, c 1, 2.5, ci -0.1 to 0.25"
    assert worded({"chi2": None, "p": None, "note": "not estimable: one group"}) == "not estimable: one group"
    assert worded({"estimate": 2.0, "ci": [1.0, 4.0], "p": 0.00002}) == "2.000 (1.000–4.000), P = 2.0e-05"
