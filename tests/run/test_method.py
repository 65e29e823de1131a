"""Each method fulfils the protocol, and a run of real patients does not import the simulator."""

import inspect
import subprocess
import sys

import pytest

from npc.frozen.method import Frozen
from npc.radiomics.method import Radiomic
from npc.run.method import Method
from npc.signature.method import DeepLearning, Ensemble


@pytest.mark.parametrize("made", [DeepLearning, Ensemble, Radiomic, Frozen])
def test_a_method_has_every_call_of_the_protocol(made):
    calls = {name: call for name, call in vars(Method).items() if inspect.isfunction(call) and name[0] != "_"}
    assert set(calls) == {"inputs", "prepare", "fit", "refit", "assist"}
    for name, call in calls.items():
        assert list(inspect.signature(getattr(made, name)).parameters) == list(inspect.signature(call).parameters)
    assert made.title


@pytest.mark.slow
def test_the_run_of_real_patients_does_not_import_the_simulator(tmp_path):
    rows = ["patient_id,centre,dmfs_months,dm_event,cet1_image,cet1_mask,t2_image,t2_mask"]
    for number in range(8):
        for name in ("cet1", "cet1_mask", "t2", "t2_mask"):
            (tmp_path / f"{number}_{name}.nii.gz").touch()
        files = ",".join(f"{number}_{name}.nii.gz" for name in ("cet1", "cet1_mask", "t2", "t2_mask"))
        rows.append(f"p{number},h{number % 2 + 1},{number + 5},{number // 2 % 2},{files}")
    (tmp_path / "patients.csv").write_text("\n".join(rows) + "\n")
    code = """
import sys
from npc.config.loading import compose
from npc.cohort.load import load
from npc.run import train
choices = compose(["cohort=table", f"cohort.root={sys.argv[1]}", "cohort.clinical=null"])
assert load(choices.cohort, choices.endpoint, ["cet1"]).truth is None
print(sorted(name for name in sys.modules if name.startswith("npc.phantom")))
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(eval(done.stdout)) <= {"npc.phantom", "npc.phantom.options", "npc.phantom.parts"}
