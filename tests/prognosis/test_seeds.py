"""Runs that differ in their seed alone, and the spread of their figures."""

import numpy as np
import pytest
from lifelines.utils import concordance_index
from sklearn.metrics import roc_auc_score

from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from npc.prognosis.seeds import over_seeds
from npc.report.paper import seeds as report
from tests.prognosis.run_folders import population, predictions, write_run

PATIENTS = population(n=160)


def written(tmp_path, *configs: str, variant: str = "cet1-max", first: int = 0) -> None:
    for number, config in enumerate(configs, start=first):
        table = predictions(PATIENTS, strength=0.4, seed=number)
        write_run(tmp_path, table, variant=variant, key=f"{number:012d}", config=config)


def test_runs_that_differ_in_their_seed_alone_are_set_side_by_side(tmp_path):
    written(
        tmp_path,
        "method: deep_learning\nseed: 2\nbatch_size: 4\nruns: here\nradiomics: {nested: 5}\n",
        "method: deep_learning\nseed: 0\nbatch_size: 4\nruns: there\nradiomics: {nested: 3}\n",  # what it doesn't read
        "method: deep_learning\nseed: 1\nbatch_size: 8\n",  # another setting
        "method: deep_learning\nseed: 3\nbatch_size: 8\n",
        "method: deep_learning\nseed: 1\nbatch_size: 16\n",  # alone
        "",  # unknown
    )
    choice = choose(finished_runs(tmp_path, "ours")[0])
    found = over_seeds(PATIENTS, choice)
    assert {one.seeds for one in found} == {((0,), (2,)), ((1,), (3,))}
    group = next(one for one in found if one.seeds[0] == (0,))
    assert [run.key[-1] for run in group.runs] == ["1", "0"]
    here = PATIENTS["split"] == "test"
    aucs, harrell = [], []
    for run in group.runs:
        risk = run.predictions["risk"].loc[PATIENTS.index][here]
        aucs.append(roc_auc_score(PATIENTS["label"][here], risk))
        harrell.append(concordance_index(PATIENTS["time"][here], -risk, PATIENTS["event"][here]))
    json = report.as_json(found)["deep_learning/cet1-max"]
    of = json if json["seeds"] == [0, 2] else json["others"][0]
    assert (of["n"], of["run_keys"]) == (2, ["000000000001", "000000000000"])
    assert of["auc"]["test"] == {
        "values": pytest.approx(aucs), "mean": pytest.approx(np.mean(aucs)), "sd": pytest.approx(np.std(aucs, ddof=1)),
        "min": pytest.approx(min(aucs)), "max": pytest.approx(max(aucs)),
    }  # fmt: skip
    assert of["harrell"]["test"]["values"] == pytest.approx(harrell)


def test_the_group_of_the_lead_signature_comes_first_and_is_marked(tmp_path):
    written(tmp_path, *(f"method: deep_learning\nseed: {seed}\n" for seed in (5, 6)), variant="t2-three")
    written(tmp_path, *(f"method: deep_learning\nseed: {seed}\n" for seed in range(3)), first=2)
    choice = choose(finished_runs(tmp_path, "ours")[0])
    first, second = over_seeds(PATIENTS, choice)
    assert choice.lead in first.runs
    for one in (first, second):
        assert one.chosen is choice.best["deep_learning"][one.runs[0].variant]
    sentence = report.sentences([first], {"test": "External test"}, {})[0]
    figure = first.auc["test"]
    assert ", ".join(f"{value:.3f}" for value in figure.values) in sentence
    table = report.table([first, second], {"test": "External test"}, {})
    assert table["Seed"].str.contains("chosen").sum() == 2
    assert table["Seed"].eq("mean (SD)").sum() == 2


def test_ensembles_are_grouped_by_the_seeds_of_their_networks(tmp_path):
    same = "method: ensemble\nseed: {}\nensemble: {{folds: 3, seeds: {}}}\n"
    written(tmp_path, same.format(7, "[0, 1]"), same.format(8, "[2, 3]"), same.format(4, "null"))
    (one,) = over_seeds(PATIENTS, choose(finished_runs(tmp_path, "ours")[0]))
    assert one.seeds == ((0, 1), (2, 3), (4,))
    assert report.as_json([one])["ensemble/cet1-max"]["seeds"] == [[0, 1], [2, 3], 4]
