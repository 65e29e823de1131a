"""What all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def npc_data() -> Path:
    """The folder of published data, which is no part of the project."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NPC_DATA", default))
    if not folder.is_dir():
        pytest.skip("real data not here: set NPC_DATA")
    return folder
