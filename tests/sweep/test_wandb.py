"""W&B's own agent, given our sweep files: what it would ask a server for is what `npc sweep` makes."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command_args
from wandb.wandb_agent import Agent

from npc.sweep.file import read
from npc.sweep.plan import plan
from tests.sweep.commands import ROOT, finished

GRIDS = sorted((ROOT / "sweeps").glob("*.yaml"))  # test_oracle.py looks at sweeps/literal, too


def cells(content: dict) -> list[dict]:
    """As a server would hand them out."""
    values = {key: choice.get("values", [choice.get("value")]) for key, choice in content["parameters"].items()}
    return [
        {key: {"value": value} for key, value in zip(values, cell, strict=True)} for cell in product(*values.values())
    ]


@pytest.fixture
def agent(tmp_path, monkeypatch):
    """Starts the command of a sweep file as `wandb agent` does, and waits for its end; gives the exit code."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR", "WANDB_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.chdir(ROOT)

    def run(content: dict, arguments: dict, run_id: str) -> int:
        agent = Agent(api=None, queue=None, sweep_id="sweep1")
        agent._sweep_command = list(content["command"])
        agent._command_run({"args": arguments, "run_id": run_id, "program": content["program"]})
        return agent._run_processes[run_id]._popen.wait(timeout=300)

    return run


@pytest.mark.parametrize("file", GRIDS, ids=lambda file: file.stem)
def test_the_agents_overrides_equal_those_of_the_plan(file):
    content = yaml.safe_load(file.read_text())
    written = [tuple(create_sweep_command_args({"args": cell})["args_no_hyphens"]) for cell in cells(content)]
    assert written == [overrides for _, overrides in read(file).cells()]
    assert len(written) == {"smoke.yaml": 12, "study_smoke.yaml": 2}.get(file.name, 125)


@pytest.mark.slow
def test_a_misspelt_key_is_refused_at_once(agent, capfd):
    content = yaml.safe_load((ROOT / "sweeps" / "smoke.yaml").read_text())
    assert agent(content, {"optimizer.lrr": {"value": 0.1}}, "misspelt") == 2
    message = capfd.readouterr().err
    assert "lrr" in message
    assert "Traceback" not in message


@pytest.mark.slow
def test_an_agents_run_fills_the_run_folder_and_the_agents_record(agent, tmp_path):
    """Twice: a run that another backend has finished is reported to W&B too; otherwise its sweep would lack it."""
    file = ROOT / "sweeps" / "smoke.yaml"
    content = yaml.safe_load(file.read_text())
    here = f"runs={tmp_path / 'runs'}"
    content["command"].append(here)
    run = plan([file], [here]).runs[0]
    assert agent(content, cells(content)[0], "first") == 0
    assert finished(tmp_path / "runs") == {run.key: run.folder}
    bytes_before = (run.folder / "predictions.csv").read_bytes()
    assert agent(content, cells(content)[0], "second") == 0
    assert (run.folder / "predictions.csv").read_bytes() == bytes_before
    tracked = sorted((run.folder / "wandb").glob("offline-run-*"))
    assert [path.name.rsplit("-", 1)[1] for path in tracked] == ["first", "second"]
    auc = json.loads((run.folder / "metrics.json").read_text())["auc"]["validation"]
    for path in tracked:
        assert summary(path)["auc"]["validation"] == auc


def summary(folder: Path) -> dict:
    from tests.test_train_command import wandb_records

    found: dict = {}
    for record in wandb_records(folder):
        if record.HasField("summary"):
            for item in record.summary.update:
                place = found
                *above, last = item.nested_key or [item.key]
                for key in above:
                    place = place.setdefault(key, {})
                place[last] = json.loads(item.value_json)
    return found


def test_the_script_for_agents_on_slurm_is_valid_bash():
    script = ROOT / "sweeps" / "agents.slurm"
    subprocess.run(["bash", "-n", script], check=True)
    assert "wandb agent" in script.read_text()
