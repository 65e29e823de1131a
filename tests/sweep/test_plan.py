"""Which runs the sweep files mean, and the messages about files that can't be run."""

import json
from pathlib import Path

import pytest
import yaml

from npc.config.key import run_folder, run_key
from npc.config.loading import compose
from npc.sweep.plan import plan
from tests.commands import ROOT, run_here
from tests.sweep.commands import sweep_file

VARIANTS = [f"{sequence}_{slices}" for sequence in ("cet1", "t2", "both") for slices in ("max", "three")]
RATES, DECAYS = [0.1, 0.01, 0.001, 0.0001, 0.00001], [0.01, 0.001, 0.0001, 0.00001, 0.000001]


@pytest.fixture(scope="module")
def intended():
    return plan([ROOT / "sweeps" / f"{name}.yaml" for name in VARIANTS])


@pytest.mark.slow
def test_the_papers_search_has_125_settings_for_each_variant(intended):
    assert len(intended.runs) == intended.cells == 125 * len(VARIANTS)
    assert len({run.key for run in intended.runs}) == 125 * len(VARIANTS)
    for variant in VARIANTS:
        runs = [run for run in intended.runs if run.variant == variant.replace("_", "-")]
        grid = {tuple(run.choices[key] for key in ("batch_size", "optimizer.lr", "optimizer.decay")) for run in runs}
        assert grid == {(size, rate, decay) for size in (1, 2, 4, 8, 16) for rate in RATES for decay in DECAYS}


@pytest.mark.slow
def test_run_keys_equal_those_of_train(intended):
    for run in intended.runs[:: len(intended.runs) // 4]:
        choices = compose(run.overrides)
        assert (run_key(choices), run_folder(choices)) == (run.key, run.folder)


@pytest.mark.slow
def test_the_papers_notation_10e_x_gives_80_runs_of_125_settings():
    """Of one variant; test_oracle.py counts the settings of all files."""
    ended = run_here("npc", "sweep", "list", "sweeps/literal/cet1_max.yaml")
    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) == 81
    assert "80 runs; 45 of 125 settings repeat a run" in ended.stdout
    literal, intended = (plan([ROOT / "sweeps" / folder / "cet1_max.yaml"]) for folder in ("literal", "."))
    assert (len(literal.runs), literal.cells) == (80, 125)
    rates = {run.choices["optimizer.lr"] for run in literal.runs}
    assert rates == {0.1, 0.01, 0.001, 0.0001}
    assert {run.key for run in literal.runs} < {run.key for run in intended.runs}  # the same number, the same run


@pytest.mark.slow
def test_json_list_gives_run_keys_and_overrides_of_train():
    ended = run_here("npc", "sweep", "list", "sweeps/smoke.yaml", "runs=elsewhere", "--json")
    runs = json.loads(ended.stdout)["runs"]
    assert len(runs) == 12
    for run in runs[:3]:
        assert run_key(compose(run["overrides"])) == run["run_key"]
        assert "runs=elsewhere" in run["overrides"]


def test_every_sweep_file_runs_train_and_maximises_the_validation_auc():
    for file in [*ROOT.glob("sweeps/*.yaml"), *ROOT.glob("sweeps/literal/*.yaml")]:
        content = yaml.safe_load(file.read_text())
        assert content["program"] == "train.py"
        assert content["metric"]["goal"] == "maximize"
        assert "validation" in content["metric"]["name"] or "val" in content["metric"]["name"]
        assert content["command"][-1] == "${args_no_hyphens}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "bayes"}, "method: bayes asks W&B"),
        ({"methods": "grid"}, "methods: a sweep file has no such key"),
        ({"parameters": {"optimiser.lr": {"values": [0.1]}}}, "optimiser"),
        ({"parameters": {"batch_sise": {"value": 4}}}, "batch_sise"),
        ({"parameters": {"batch_size": {"values": ["many"]}}}, "batch_size=many"),
        ({"parameters": {"batch_size": {"value": -1}}}, "batch_size=-1: must be"),
        ({"parameters": {"network": {"value": "vgg"}}}, "vgg"),
        ({"parameters": {"optimizer.lr": {"values": ["10e-4"]}}}, "10e-4 is text to YAML"),
        ({"parameters": {"optimizer.lr": {"min": 0.1, "max": 1}}}, "optimizer.lr: min and max must be whole"),
        ({"parameters": {"optimizer.lr": 0.1}}, "parameters.optimizer.lr: must hold"),
        ({"parameters": {"seed": {"distribution": "uniform", "min": 0, "max": 1}}}, "a grid cannot draw from uniform"),
        ({"parameters": {"seed": {"distribution": "constant", "values": [0, 1]}}}, "parameters.seed: has distribution"),
        ({"parameters": {"seed": {"values": [0, 1], "probabilities": [0.5, 0.5]}}}, "has probabilities, values"),
        ({"parameters": {"+sede": {"values": [0, 1]}}}, "sede: nothing reads this key; the nearest that exists"),
        ({"program": "evaluate.py"}, "program: evaluate.py: npc sweep makes runs of train.py only"),
        ({"parameters": {"seed": {"values": [0, 1]}}, "run_cap": 1}, "run_cap: 1: the grid has 2 settings"),
        ({"command": ["python", "other.py"]}, "command: starts neither"),
        ({"command": ["${program}", "seed=1"]}, "command: must have ${args_no_hyphens}"),
        ({"command": ["${program}", "${args}"]}, "command: must have ${args_no_hyphens}"),
        ({"command": ["${program}", "-m", "${args_no_hyphens}"]}, "command: npc sweep cannot apply -m"),
        ({"parameters": {"optimizer.lr": {"value": 1}, "optimizer": {"parameters": {"lr": {"value": 2}}}}},
         "parameters.optimizer.lr: is given twice"),
        ({"parameters": {"seed": {"min": 0, "max": 10**12}}}, "the grid has 1,000,000,000,001 settings"),
        ({"parameters": {"optimizer.lr": {"values": []}}}, "parameters.optimizer.lr.values: must be a list"),
        ({"parameters": None}, "no `parameters:`"),
    ],
    ids=str,
)  # fmt: skip
def test_a_fault_of_a_sweep_file_is_reported_with_the_file_name(tmp_path: Path, change: dict, message: str):
    file = tmp_path / "ours.yaml"
    file.write_text(yaml.safe_dump({"program": "train.py", "method": "grid", "parameters": {}} | change))
    ended = run_here("npc", "sweep", "run", file, f"runs={tmp_path}/runs")
    assert ended.returncode == 2, ended.stderr
    assert f"{file}: " in ended.stderr
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "runs").exists()


def test_faults_of_all_files_are_reported_at_once(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("method: [")
    ended = run_here(
        "npc", "sweep", "list", tmp_path / "a.yaml", tmp_path / "b.yaml", sweep_file(tmp_path / "c.yaml", nothing=1)
    )
    assert ended.returncode == 2
    for message in ("a.yaml: is not YAML", "b.yaml: can't be read", "c.yaml: ", "nothing"):
        assert message in ended.stderr


def test_a_missing_cohort_is_reported_before_any_run_starts(tmp_path: Path):
    file = tmp_path / "ours.yaml"
    file.write_text(
        yaml.safe_dump({"program": "train.py", "method": "grid", "parameters": {"seed": {"values": [0, 1]}}})
    )
    ended = run_here("npc", "sweep", "run", file, "cohort=table", f"cohort.root={tmp_path}/none",
               "cohort.name=ours", f"runs={tmp_path}/runs")  # fmt: skip
    assert ended.returncode == 2
    assert f"there is no folder {tmp_path}/none" in ended.stderr
    assert ended.stdout == ""


def test_a_command_without_a_sweep_file_is_refused(tmp_path: Path):
    ended = run_here("npc", "sweep", "status", "runs=here")
    assert ended.returncode == 2
    assert "no sweep file is named" in ended.stderr


def overrides(file: Path, **content: object) -> list[tuple[str, ...]]:
    file.write_text(yaml.safe_dump({"program": "train.py", "method": "grid", **content}, sort_keys=False))
    return [run.overrides for run in plan([file]).runs]


@pytest.mark.slow
def test_parameters_in_any_form_of_w_and_b_are_the_same_runs(tmp_path: Path):
    plain = {"batch_size": {"value": 8}, "optimizer.lr": {"values": [0.1, 0.01]}, "seed": {"values": [1, 2]}}
    other = {
        "batch_size": {"distribution": "constant", "value": 8},
        "optimizer": {"parameters": {"lr": {"distribution": "categorical", "values": [0.1, 0.01]}}},
        "seed": {"distribution": "int_uniform", "min": 1, "max": 2},
    }
    expected = [("batch_size=8", f"optimizer.lr={rate}", f"seed={seed}") for rate in (0.1, 0.01) for seed in (1, 2)]
    assert overrides(tmp_path / "a.yaml", parameters=plain) == expected
    assert overrides(tmp_path / "b.yaml", parameters=other) == expected


@pytest.mark.slow
def test_fixed_choices_of_the_command_are_in_the_place_where_the_agent_has_them(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SITE", "north")
    command = ["${env}", "${interpreter}", "${program}", "logger=wandb", "slices=three", "${args_no_hyphens}",
               "batch_size=4", "cohort.name=${envvar:SITE}"]  # fmt: skip
    (written,) = overrides(tmp_path / "a.yaml", parameters={"seed": {"values": [1]}}, command=command)
    assert written == ("slices=three", "seed=1", "batch_size=4", "cohort.name=north")
    (run,) = plan([tmp_path / "a.yaml"]).runs
    assert (run.variant, run.composed["batch_size"], run.folder.parts[-3]) == ("cet1-three", 4, "north")


@pytest.mark.slow
def test_text_of_a_sweep_file_is_read_as_it_is(tmp_path: Path):
    values = {"cohort.development": {"value": "007"}, "cohort.name": {"value": "Klinik (Köln), a=b"}}
    overrides(tmp_path / "a=b.yaml", parameters=values)
    (run,) = plan([tmp_path / "a=b.yaml"]).runs
    assert (run.composed["cohort"]["development"], run.composed["cohort"]["name"]) == ("007", "Klinik (Köln), a=b")


def test_all_slices_can_be_swept(tmp_path):
    runs = plan([sweep_file(tmp_path / "all.yaml", slices="all", **{"network.pool": ["attention", "mean"]})]).runs
    assert [run.variant for run in runs] == ["cet1-all"] * 2
    assert len({run.key for run in runs}) == 2
