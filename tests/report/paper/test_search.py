"""Choice among settings and its price, from run folders as any backend leaves them."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from npc.names import series_labels
from npc.prognosis.choice import choose
from npc.prognosis.runs import finished_runs
from npc.prognosis.search import judge
from npc.report.paper import results_signatures, search
from tests.prognosis.run_folders import population, predictions, write_run

LABELS = series_labels(["cet1", "t2"], {})
GRID = [(batch, lr) for batch in (8, 16) for lr in (0.1, 0.01, 0.001)]


@pytest.fixture
def patients():
    return population(200, seed=2)


@pytest.fixture
def grid(tmp_path, patients):
    """Six settings of one variant, told apart by their config.yaml alone."""
    for i, (batch, lr) in enumerate(GRID):
        config = f"batch_size: {batch}\noptimizer:\n  name: adam\n  lr: {lr}\nruns: /somewhere/{i}\n"
        table = predictions(patients, strength=0.3 + 0.1 * (lr == 0.01), seed=i)
        write_run(tmp_path, table, key=f"{i:012x}", config=config)
    return tmp_path


def judged(root, **selected):
    return judge(choose(finished_runs(root, "ours")[0], selected=selected), draws=300, seed=0)


def figures(root):
    return results_signatures.searches(judged(root))


def test_the_best_setting_stands_first_with_what_was_varied(grid, patients):
    found = figures(grid)
    assert list(found) == ["deep_learning/cet1-max"]
    one = found["deep_learning/cet1-max"]
    inside = patients["split"] == "validation"
    for setting in one["settings"]:
        table = pd.read_csv(grid / "ours" / "cet1-max" / setting["run_key"] / "predictions.csv")
        auc = roc_auc_score(table["label"][inside.to_numpy()], table["risk"][inside.to_numpy()])
        assert setting["auc"] == pytest.approx(auc, abs=1e-12)
        batch, lr = GRID[int(setting["run_key"], 16)]
        assert setting["choices"] == {"batch_size": batch, "optimizer.lr": lr}
    aucs = [setting["auc"] for setting in one["settings"]]
    assert aucs == sorted(aucs, reverse=True)
    assert (one["run_key"], one["auc"]) == (one["settings"][0]["run_key"], aucs[0])
    assert one["worth"]["optimism"] == one["auc"] - one["worth"]["estimate"]
    assert one["standard_error"]["within"] == sum(auc >= aucs[0] - one["standard_error"]["se"] for auc in aucs)
    assert (one["runs"], one["others"], one["patients"]) == (6, 0, inside.sum())


def test_the_test_cohort_changes_nothing(grid, patients):
    before = json.dumps(figures(grid))
    for path in grid.glob("ours/*/*/predictions.csv"):
        table = pd.read_csv(path)
        table.loc[table["split"] != "validation", "risk"] = 0.5
        table.to_csv(path, index=False)
    assert json.dumps(figures(grid)) == before


def test_a_choice_among_variants_is_a_search_too(grid, patients):
    write_run(grid, predictions(patients, strength=0.2), variant="t2-max")
    found = figures(grid)
    assert list(found) == ["deep_learning/cet1-max", "deep_learning/all"]
    assert found["deep_learning/all"]["runs"] == 7
    assert search.table(judged(grid), LABELS)["Best"].tolist()[1] == f"variant {found['deep_learning/all']['variant']}"


def test_a_single_run_was_not_chosen(tmp_path, patients):
    write_run(tmp_path, predictions(patients))
    assert figures(tmp_path) == {}
    assert search.table(judged(tmp_path), LABELS).empty


def test_runs_of_another_split_are_left_out_and_counted(grid, patients):
    for path in grid.glob("ours/*/*/config.yaml"):
        path.write_text(path.read_text() + "split: {seed: 0}\n")
    moved = patients.assign(split=np.roll(patients["split"], 3))
    write_run(grid, predictions(moved, strength=9), key="f" * 12, config="split: {seed: 1}\n")
    found = judged(grid, **{"split.seed": 0})
    one = results_signatures.searches(found)["deep_learning/cet1-max"]
    assert (one["runs"], one["others"]) == (6, 1)
    assert any(
        "1 runs with other patients, splits or outcomes are left out" in line for line in search.text(found, LABELS)
    )


def test_what_is_not_estimable_is_said(tmp_path, patients):
    label = patients["label"].to_numpy(copy=True)
    inside = np.flatnonzero(patients["split"] == "validation")
    label[inside] = [1, *[0] * (len(inside) - 1)]
    for i in range(2):
        write_run(tmp_path, predictions(patients.assign(label=label, event=label), seed=i), key=str(i) * 12)
    found = figures(tmp_path)["deep_learning/cet1-max"]
    for part in ("standard_error", "worth"):
        assert found[part]["note"].startswith("not estimable: ")
    assert found["chance"]["p"] is not None
    assert "not estimable" in search.table(judged(tmp_path), LABELS).to_string()
    assert sum("not estimable: " in line for line in search.text(judged(tmp_path), LABELS)) == 2


def test_perfect_settings_are_counted_and_their_lack_of_variance_is_said(tmp_path, patients):
    for i, strength in enumerate((9.0, 9.0, 0.1)):
        write_run(tmp_path, predictions(patients, strength=strength, seed=i), key=str(i) * 12)
    found = figures(tmp_path)["deep_learning/cet1-max"]
    assert found["standard_error"]["within"] == 2
    assert "no variance" in found["standard_error"]["note"]


def test_the_heat_map_holds_every_cell_and_frames_the_best(grid, tmp_path):
    found = figures(grid)
    (figure,) = search.draw(tmp_path / "figures", judged(grid), LABELS)
    assert "CET1-w, max slice" in figure.caption
    drawn = figure.path.with_name("search_cet1-max.svg").read_text()
    cells = sorted(f"{setting['auc']:.2f}".lstrip("0") for setting in found["deep_learning/cet1-max"]["settings"])
    written = re.findall(r"<text[^>]*>(1?\.\d\d|1.00)</text>", drawn)
    assert sorted(written) == cells
    assert figure.png == tmp_path / "figures" / "search_cet1-max.png"
    assert figure.png.exists()


@pytest.mark.parametrize("config", ["", "[broken", "- list\n"])
def test_runs_without_readable_choices_have_no_heat_map(tmp_path, patients, config):
    for i in range(2):
        write_run(tmp_path, predictions(patients, seed=i), key=str(i) * 12, config=config)
    found = figures(tmp_path)
    assert search.draw(tmp_path / "figures", judged(tmp_path), LABELS) == []
    assert search.table(judged(tmp_path), LABELS)["Best"].tolist() == [found["deep_learning/cet1-max"]["run_key"]]
