"""One finished tiny run, its bundle, and the phantom as the cohort of another hospital, without outcomes."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from npc.bundle.manifest import pack
from npc.bundle.write import members
from npc.config.key import run_folder
from npc.run.train import train
from tests.signature.tiny_runs import FinishedRun, Shared

OUTCOMES = ["dmfs_months", "dm_event", "os_months", "os_event", "diagnosis_date", "metastasis_date", "last_follow_up"]


@pytest.fixture(scope="session")
def shared(home: Path) -> Shared:
    return Shared(home / "phantoms", home / "store")


@pytest.fixture(scope="session")
def trained(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FinishedRun]:
    """Trains the tiny experiment with overrides and gives the run's folder."""

    def run(*overrides: str) -> FinishedRun:
        config = shared.compose(tmp_path_factory.mktemp("bundled"), *overrides)
        train(config)
        return FinishedRun(run_folder(config))

    return run


@pytest.fixture(scope="session")
def run(trained: Callable[..., FinishedRun]) -> FinishedRun:
    """A deep-learning signature that tests only read."""
    return trained()


@pytest.fixture(scope="session")
def content(run: FinishedRun) -> dict[str, bytes]:
    """The members of its bundle."""
    return members([run.path])[0]


@pytest.fixture(scope="session")
def model(content: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of its bundle."""
    path = tmp_path_factory.mktemp("handed_over") / "model.npc.zip"
    path.write_bytes(pack(content))
    return path


@pytest.fixture(scope="session")
def elsewhere(run: FinishedRun, shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same patients as the folder of another hospital, without outcomes."""
    folder = tmp_path_factory.mktemp("elsewhere") / "cohort"
    shutil.copytree(shared.table, folder, copy_function=os.link)
    table = pd.read_csv(folder / "patients.csv", dtype=str)
    (folder / "patients.csv").unlink()  # the link, not the phantom's file
    table.drop(columns=OUTCOMES, errors="ignore").to_csv(folder / "patients.csv", index=False)
    return folder
