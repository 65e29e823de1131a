"""One small phantom and one slice store for all tests of training; a run of seconds on them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from npc.config.key import run_folder
from npc.imaging.store import Slices
from npc.run.train import train
from tests.signature.changes import weighted
from tests.signature.tiny_runs import FinishedRun, Shared


@pytest.fixture(scope="session")
def shared(home: Path) -> Shared:
    return Shared(home / "phantoms", home / "store")


@pytest.fixture(scope="session")
def default_config(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> DictConfig:
    """The choices of `default_run`."""
    return shared.compose(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def default_run(default_config: DictConfig) -> FinishedRun:
    """A finished run of the tiny experiment that tests only read."""
    train(default_config)
    return FinishedRun(run_folder(default_config))


@pytest.fixture
def tiny(shared: Shared, tmp_path: Path) -> Callable[..., DictConfig]:
    """Composes the tiny experiment with overrides; runs go to the test's own folder."""
    return lambda *overrides: shared.compose(tmp_path / "runs", *overrides)


@pytest.fixture
def trained(tiny: Callable[..., DictConfig]) -> Callable[..., FinishedRun]:
    """Trains the tiny experiment with overrides and gives the run's folder."""

    def run(*overrides: str) -> FinishedRun:
        choices = tiny(*overrides)
        train(choices)
        return FinishedRun(run_folder(choices))

    return run


@pytest.fixture(scope="session")
def before(shared: Shared, default_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run on the phantom as a cohort folder, before anything is changed."""
    choices = shared.compose(tmp_path_factory.mktemp("before"), *weighted(shared.table))
    train(choices)
    return FinishedRun(run_folder(choices))


@pytest.fixture
def cohort(shared: Shared, default_run: FinishedRun, tmp_path: Path) -> Path:
    """A copy of the phantom as a cohort folder that a test may change."""
    folder = tmp_path / "cohort"
    shutil.copytree(shared.table, folder, copy_function=os.link)
    table = folder / "patients.csv"
    table.unlink()  # the link, not the phantom's file
    shutil.copyfile(shared.table / "patients.csv", table)
    return folder


@pytest.fixture
def stored() -> Callable[..., list[Slices]]:
    """Makes stores of arrays (patient, 3, size, size), one a sequence, whose patients are p0, p1, ..."""

    def store(*arrays: np.ndarray) -> list[Slices]:
        rows = {f"p{number}": number for number in range(len(arrays[0]))}
        return [Slices(array, rows, "") for array in arrays]

    return store


@pytest.fixture
def images() -> Callable[..., np.ndarray]:
    """Draws slices with a textured square of all grey levels on a zero background, uint8 (patient, 3, size, size)."""

    def draw(patients: int, size: int = 32, seed: int = 0) -> np.ndarray:
        array: np.ndarray = np.zeros((patients, 3, size, size), np.uint8)
        inside = slice(size // 4, size - size // 4)
        tumour: Any = array[..., inside, inside]
        tumour[:] = np.random.default_rng(seed).integers(20, 256, tumour.shape)
        return array

    return draw
