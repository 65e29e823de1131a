"""What tests of sweeps share."""

import os
import shutil
import subprocess

import pytest


@pytest.fixture
def slurm() -> None:
    """Skips where no Slurm runs."""
    if "SLURM_CONF" not in os.environ or shutil.which("sinfo") is None:
        pytest.skip("no Slurm here: SLURM_CONF is not set (as root, bash .ci/slurm starts one and prints it)")
    ended = subprocess.run(["sinfo"], capture_output=True, text=True)
    if ended.returncode:
        pytest.skip(f"Slurm doesn't answer: {ended.stderr.strip()}")
