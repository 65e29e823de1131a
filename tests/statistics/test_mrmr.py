"""mRMR against mRMRe's own selections, and what must hold of any data."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npc.statistics import NotEstimable
from npc.statistics.mrmr import mrmr

FOLDER = Path(os.environ.get("NPC_DATA", Path(__file__).parents[3] / "shared" / "data")) / "mrmr"


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no data at {FOLDER} (NPC_DATA)")
@pytest.mark.parametrize("case", [0, 1])
def test_solutions_and_their_order_are_those_of_mrmre(case):
    data = pd.read_csv(FOLDER / "cgps_ge.csv", index_col=0)
    wanted = json.loads((FOLDER / "expected.json").read_text())["cases"][case]
    target = data.pop(wanted["target"])
    assert mrmr(target, data, wanted["length"], wanted["solutions"]) == wanted["expected"]
