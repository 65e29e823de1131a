"""`npc doctor`."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from npc.doctor.machine import disk, memory
from npc.doctor.packages import packages, python
from npc.doctor.services import public_data, tracker


def test_this_machine_passes_and_each_check_is_printed(npc):
    code, output, _ = npc("doctor")
    assert code == 0
    assert all(len(line) <= 80 for line in output.splitlines())
    code, found, _ = npc("doctor", "--json")
    checks = json.loads(found)
    assert {check["name"] for check in checks} >= {
        "Python",
        "packages",
        "memory",
        "disk",
        "GPU",
        "W&B",
        "Slurm",
        "data",
    }
    assert all(f"{check['name']:12}{check['state']}" in output for check in checks)
    by_name = {check["name"]: check for check in checks}
    assert by_name["Python"]["found"] == ".".join(map(str, sys.version_info[:3]))
    assert version("torch") in by_name["GPU"]["found"]


def test_faults_come_with_a_remedy(tmp_path: Path):
    assert python((3, 10, 2)).state == "fault"
    assert memory(2.0).state == "fault"
    assert memory(8.0).state == "note"
    assert all(check.remedy for check in (python((3, 10, 2)), memory(2.0), memory(8.0)))
    assert disk(tmp_path).found.endswith(str(tmp_path.resolve()))


def test_a_package_that_is_absent_or_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    information = tmp_path / "hospital-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: hospital\nVersion: 1.0\n"
        "Requires-Dist: numpy>=99\nRequires-Dist: no-such-package\nRequires-Dist: absent; extra == 'dev'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = packages("hospital")
    assert found.state == "fault"
    assert "numpy is" in found.found
    assert "no-such-package is not installed" in found.found
    assert "absent" not in found.found


def test_a_key_of_wandb_is_not_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("WANDB_API_KEY", "s3cret")
    assert "s3cret" not in str(tracker())
    monkeypatch.setenv("NPC_DATA", str(tmp_path / "none"))
    assert public_data().state == "note"


@pytest.mark.slow
def test_the_speed_of_a_training_step_is_measured(npc):
    code, found, _ = npc("doctor", "--speed", "--json")
    (speed,) = [check for check in json.loads(found) if check["name"] == "speed"]
    assert code == 0
    assert [word in speed["found"] for word in ("as it is", "channels_last", "bf16")] == [True] * 3
