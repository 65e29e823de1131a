"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported: two test processes share the cores
# A loaded machine is no failure, and a landing must not hang on the luck of a draw.
settings.register_profile("npc", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("npc")


@pytest.fixture(scope="session")
def npc_data() -> Path:
    """The folder of published data, which is no part of the project."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NPC_DATA", default))
    if not folder.is_dir():
        pytest.skip("real data not here: set NPC_DATA")
    return folder
