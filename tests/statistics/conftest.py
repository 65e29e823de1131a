"""Reference figures by R (each file names package and version) and the data beside them."""

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

REFERENCE = Path(os.environ.get("NPC_DATA", Path(__file__).parents[3] / "shared" / "data")).parent / "reference"


class Reference:
    def figures(self, name: str) -> dict[str, Any]:
        return json.loads((REFERENCE / f"{name}.json").read_text())

    def data(self, name: str) -> pd.DataFrame:
        return pd.read_csv(REFERENCE / f"{name}.csv")


@pytest.fixture(scope="session")
def reference() -> Reference:
    if not REFERENCE.is_dir():
        pytest.skip(f"no reference figures at {REFERENCE} (beside NPC_DATA)")
    return Reference()
