"""Three hospitals and what the model is worth there."""

import pandas as pd
import pytest

from npc.validation.measure import Validation
from tests.validation.hospitals import drawn, measured


@pytest.fixture(scope="session")
def patients() -> list[pd.DataFrame]:
    return [drawn(1), drawn(2, n=90), drawn(3, n=120, hazard=2.0)]


@pytest.fixture(scope="session")
def found(patients: list[pd.DataFrame]) -> list[Validation]:
    return [measured(of) for of in patients]
