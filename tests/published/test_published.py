"""A study's file: what it holds comes back as printed, and all its faults are reported at once."""

from pathlib import Path

import pytest

from npc.errors import InputError
from npc.published import load

GOOD = """\
study: Ours
cohorts: {training: {n: 10}, test: {n: 20, events: 4}}
baseline:
  - place: Table 1
    variables:
      sex: {levels: {men: [4 (40%), 5], women: [6, 15 (75.0%)]}, p: 0.10}
aucs:
  - place: Table 2
    models: {ours: [0.70 (0.60-0.80), -]}
"""


def loaded(folder: Path, text: str):
    path = folder / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_figures_keep_their_digits(tmp_path):
    study = loaded(tmp_path, GOOD)
    assert study.baseline[0].variables["sex"].p.text == "0.10"
    assert study.auc("Table 2", "ours")["training"].estimate.digits == 2
    assert list(study.auc("Table 2", "ours")) == ["training"]
    assert study.auc("Table 3", "ours") == {}
    assert study.cohorts["test"].events == 4


def test_table_3_of_the_paper():
    study = load()
    cells = study.auc("Table 3", "deep_learning/both-max")
    assert {cohort: cell.text for cohort, cell in cells.items()} == {
        "training": "0.763 (0.691–0.836)",
        "validation": "0.773 (0.523–1.000)",
        "test": "0.732 (0.573–0.892)",
    }
    (table,) = [block for block in study.aucs if block.place == "Table 3"]
    assert set(table.models) == {
        f"{method}/{sequence}-{slices}"
        for method in ("deep_learning", "radiomic")
        for sequence in ("cet1", "t2", "both")
        for slices in ("max", "three")
    }


def test_every_auc_and_count_is_in_the_text_of_the_paper(npc_data):
    (seed,) = (npc_data.parent / "seed").glob("*.txt")
    text = seed.read_text(encoding="utf-8")
    study = load()
    for place, _, _, cell in study.cells():
        printed = cell.text if place == "Table 3" else f"{cell.low.text}–{cell.high.text}"
        assert printed in text
        assert cell.estimate.text in text
    for _, _, variable in study.variables():
        for cells in (*variable.levels.values(), variable.mean):
            if cells:
                assert "\t".join(cell.text for cell in cells) in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cohorts:", "cohort:", "there is no key cohort; did you mean cohorts?"),
        ("levels:", "level:", "there is no key baseline.0.variables.sex.level; did you mean levels?"),
        ("study: Ours\n", "", "study is missing"),
        ("n: 10", "n: ten", "cohorts.training.n is 'ten'"),
        ("n: 10", "n: 0", "cohorts.training.n is '0'"),
        ("events: 4", "events: 21", "cohorts.test: 21 events are not possible with n = 20"),
        ("4 (40%)", "four", "baseline.0.variables.sex.levels.men.0 is 'four'; write a count such as 125 (73.96%)"),
        ("p: 0.10", "p: NS", "baseline.0.variables.sex.p is 'NS'; write a P value such as 0.020 or <0.001"),
        ("0.70 (0.60-0.80)", "0.70", "aucs.0.models.ours.0 is '0.70'; write an AUC with its interval"),
        ("[4 (40%), 5]", "[4]", "Table 1, sex, men has 1 cells and the 2 cohorts are training, test"),
        ("levels: {men: [4 (40%), 5], women: [6, 15 (75.0%)]}, ", "", "sex needs either levels (categorical) or mean"),
        ("aucs:", "rules: [{rule: men = boys, why: x}]\naucs:", "rules: men = boys: boys is no level or mean"),
        ("aucs:", "rules: [{rule: men=women, why: x}]\naucs:", "rules.0.rule is 'men=women'; write a relation"),
        ("aucs:", "methods: {tests: [chi]}\naucs:", "methods.tests.0 is 'chi'"),
        ("aucs:", "study: Theirs\naucs:", "study occurs twice"),
        ("aucs:", "aucs: [", "is not YAML"),
        ("aucs:", "x: !!python/object/apply:os.system [true]\naucs:", "there is no key x"),
    ],
)
def test_a_fault_is_reported_with_its_place(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(InputError) as error:
        loaded(tmp_path, GOOD.replace(old, new))
    assert message in str(error.value)
    assert "ours.yaml" in str(error.value)


def test_all_faults_are_reported_at_once(tmp_path):
    with pytest.raises(InputError) as error:
        loaded(tmp_path, GOOD.replace("n: 10", "n: ten").replace("p: 0.10", "p: NS").replace("aucs", "auc"))
    assert len(error.value.faults) == 3


def test_a_rule_that_names_two_rows_is_refused(tmp_path):
    text = GOOD.replace("aucs:", "      pet: {levels: {men: [4, 5]}}\nrules: [{rule: men = women, why: x}]\naucs:")
    with pytest.raises(InputError, match="names more than one row"):
        loaded(tmp_path, text)
    loaded(tmp_path, text.replace("rule: men", "rule: sex.men"))


@pytest.mark.parametrize("text", ["", "- 1\n", "just words"])
def test_a_file_without_figures_is_refused(tmp_path, text):
    with pytest.raises(InputError, match="holds no figures"):
        loaded(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        load(tmp_path / "none.yaml")
